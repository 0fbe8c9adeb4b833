// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include <lamina/layers/kind.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/shape.hpp>

namespace lamina {

namespace layers {

template <auto Filters, class... Options>
struct conv2d {
  static constexpr auto kind = layer_kind::product;

  using window = typename detail::find_option<detail::option_kind::window, detail::no_option,
                                              Options...>::type;
  using stride = typename detail::find_option<detail::option_kind::stride, layers::stride<1, 1>,
                                              Options...>::type;
  static constexpr bool same_padding =
      detail::count_options<detail::option_kind::padding, Options...> == 1 &&
      (std::same_as<Options, same> || ...);

  template <int Height, int Width, int Channels>
  static constexpr auto output(shape<Height, Width, Channels> in) {
    using enum detail::option_kind;
    if constexpr (!detail::is_positive<Filters>) {
      return refuses<rule::filters_are_a_whole_number_of_at_least_1>{};
    } else if constexpr (detail::count_options<unknown, Options...> != 0) {
      return refuses<rule::this_option_is_unknown_here>{};
    } else if constexpr (detail::count_options<detail::option_kind::window, Options...> > 1 ||
                         detail::count_options<detail::option_kind::stride, Options...> > 1 ||
                         detail::count_options<padding, Options...> > 1) {
      return refuses<rule::an_option_is_given_once>{};
    } else if constexpr (detail::count_options<detail::option_kind::window, Options...> == 0) {
      return refuses<rule::conv2d_needs_a_window>{};
    } else if constexpr (!window::valid) {
      return refuses<rule::the_window_is_at_least_1>{};
    } else if constexpr (!stride::valid) {
      return refuses<rule::the_stride_is_at_least_1>{};
    } else if constexpr (rows(in).outputs() < 1 || columns(in).outputs() < 1) {
      return refuses<rule::the_window_fits_in_the_image>{};
    } else {
      return shape<rows(in).outputs(), columns(in).outputs(), Filters>{};
    }
  }

  template <int Size>
  static constexpr auto output(shape<Size>) {
    return refuses<rule::conv2d_needs_height_width_and_channels>{};
  }

  template <int Height, int Width, int Channels>
  static constexpr detail::sampling rows(shape<Height, Width, Channels>) {
    return {Height, window::height, stride::height, same_padding};
  }

  template <int Height, int Width, int Channels>
  static constexpr detail::sampling columns(shape<Height, Width, Channels>) {
    return {Width, window::width, stride::width, same_padding};
  }

  template <int Height, int Width, int Channels>
  static constexpr std::array<parameter, 2> parameters(shape<Height, Width, Channels>) {
    constexpr int taps = window::height * window::width;
    return {parameter{"weight",
                      {Filters, Channels, window::height, window::width},
                      4,
                      initial::weights,
                      true,
                      Channels * taps,
                      Filters * taps},
            parameter{"bias", {Filters}}};
  }

  template <int Height, int Width, int Channels>
  static constexpr std::int64_t multiply_adds(shape<Height, Width, Channels> in) {
    return std::int64_t{rows(in).outputs()} * columns(in).outputs() * Filters * Channels *
           window::height * window::width;
  }
};

}  // namespace layers

/// Two-dimensional convolution (cross-correlation, as everywhere in this field):
/// y[f][i][j] = b[f] + sum over c, u, v of w[f][c][u][v] x[c][i s + u - p][j s + v - p].
/// Shape `(h, w, c)` to `(h', w', Filters)`; weights `(Filters, c, height, width)`, Glorot uniform
/// as in Keras; bias `(Filters)`, zeros. Options in any order: `window<h, w>` (needed),
/// `stride<s>`, `same` or `valid` (default).
template <auto Filters, class... Options>
using conv2d = layers::conv2d<detail::whole<Filters>(), Options...>;

}  // namespace lamina
