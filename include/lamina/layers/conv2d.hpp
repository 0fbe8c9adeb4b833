// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include <lamina/layers/kind.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/layers/sliding.hpp>
#include <lamina/shape.hpp>

namespace lamina {

namespace layers {

template <auto Filters, class... Options>
struct conv2d : sliding<typename detail::find_option<detail::option_kind::window, detail::no_option,
                                                     Options...>::type,
                        layers::stride<1, 1>, Options...> {
  using base = typename conv2d::sliding;
  using window = typename base::window;
  static constexpr auto kind = layer_kind::product;
  static constexpr bool is_direct = base::template given<detail::option_kind::algorithm> != 0;

  template <int Height, int Width, int Channels>
  static constexpr auto output(shape<Height, Width, Channels> in) {
    if constexpr (!detail::is_positive<Filters>) {
      return refuses<rule::filters_are_a_whole_number_of_at_least_1>{};
    } else if constexpr (base::template given<detail::option_kind::unknown> != 0) {
      return refuses<rule::this_option_is_unknown_here>{};
    } else if constexpr (base::repeats_an_option) {
      return refuses<rule::an_option_is_given_once>{};
    } else if constexpr (base::template given<detail::option_kind::window> == 0) {
      return refuses<rule::conv2d_needs_a_window>{};
    } else {
      return base::template slide<Filters>(in);
    }
  }

  template <int Size>
  static constexpr auto output(shape<Size>) {
    return refuses<rule::conv2d_needs_height_width_and_channels>{};
  }

  template <int Height, int Width, int Channels>
  static constexpr std::array<parameter, 2> parameters(shape<Height, Width, Channels>) {
    using namespace std::string_view_literals;
    constexpr int taps = window::height * window::width;
    return {parameter{"weight"sv,
                      {Filters, Channels, window::height, window::width},
                      4,
                      initial::weights,
                      true,
                      Channels * taps,
                      Filters * taps},
            parameter{"bias"sv, {Filters}}};
  }

  template <int Height, int Width, int Channels>
  static constexpr std::int64_t multiply_adds(shape<Height, Width, Channels> in) {
    return std::int64_t{base::rows(in).outputs()} * base::columns(in).outputs() * Filters *
           Channels * window::height * window::width;
  }
};

}  // namespace layers

/// Two-dimensional convolution (cross-correlation, as everywhere in this field):
/// y[f][i][j] = b[f] + sum over c, u, v of w[f][c][u][v] x[c][i s + u - p][j s + v - p].
/// Shape `(h, w, c)` to `(h', w', Filters)`; weights `(Filters, c, height, width)`, Glorot uniform
/// as in Keras; bias `(Filters)`, zeros. Options in any order: `window<h, w>` (needed),
/// `stride<s>`, `same` or `valid` (default), `direct`. Without `direct`, a window of 3 x 3 with
/// strides of 1 is computed by Winograd's algorithm where that takes less time: with two fifths of
/// the products, and as exact (F(2 x 2, 3 x 3) of Lavin and Gray, Fast Algorithms for Convolutional
/// Neural Networks, 2015).
template <auto Filters, class... Options>
using conv2d = layers::conv2d<detail::whole<Filters>(), Options...>;

}  // namespace lamina
