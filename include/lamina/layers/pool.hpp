// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/layers/kind.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/layers/sliding.hpp>
#include <lamina/shape.hpp>

namespace lamina {

namespace layers {

template <auto Window, class... Options>
struct pool : sliding<layers::window<Window, Window>, layers::stride<Window, Window>, Options...> {
  using base = typename pool::sliding;

  template <int Height, int Width, int Channels>
  static constexpr auto output(shape<Height, Width, Channels> in) {
    using enum detail::option_kind;
    if constexpr (base::template given<unknown> + base::template given<window> +
                      base::template given<algorithm> !=
                  0) {
      return refuses<rule::this_option_is_unknown_here>{};
    } else if constexpr (base::repeats_an_option) {
      return refuses<rule::an_option_is_given_once>{};
    } else {
      return base::template slide<Channels>(in);
    }
  }

  template <int Size>
  static constexpr auto output(shape<Size>) {
    return refuses<rule::pooling_needs_height_width_and_channels>{};
  }
};

template <auto Window, class... Options>
struct max_pool : pool<Window, Options...> {
  static constexpr auto kind = layer_kind::max_pool;
};

template <auto Window, class... Options>
struct average_pool : pool<Window, Options...> {
  static constexpr auto kind = layer_kind::average_pool;
};

}  // namespace layers

/// The largest value of each window, channel by channel; padding never wins. Shape `(h, w, c)` to
/// `(h', w', c)`. The window is square and the stride equals it unless `stride<s>` says otherwise;
/// `same` or `valid` (default). Ties: the first in reading order takes the gradient.
template <auto Window, class... Options>
using max_pool = layers::max_pool<detail::whole<Window>(), Options...>;

/// The mean of each window over the pixels that lie in the image, as in Keras. Options as
/// `max_pool`.
template <auto Window, class... Options>
using average_pool = layers::average_pool<detail::whole<Window>(), Options...>;

/// The mean of each channel over all pixels. Shape `(h, w, c)` to `(c)`.
struct global_average_pool {
  static constexpr auto kind = layer_kind::average_pool;

  template <int Height, int Width, int Channels>
  static constexpr auto output(shape<Height, Width, Channels>) {
    return shape<Channels>{};
  }

  template <int Size>
  static constexpr auto output(shape<Size>) {
    return refuses<rule::pooling_needs_height_width_and_channels>{};
  }

  template <int Height, int Width, int Channels>
  static constexpr detail::sampling rows(shape<Height, Width, Channels>) {
    return {Height, Height, Height, false};
  }

  template <int Height, int Width, int Channels>
  static constexpr detail::sampling columns(shape<Height, Width, Channels>) {
    return {Width, Width, Width, false};
  }
};

}  // namespace lamina
