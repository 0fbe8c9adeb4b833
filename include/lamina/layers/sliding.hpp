// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>

#include <lamina/layers/options.hpp>
#include <lamina/shape.hpp>

namespace lamina::layers {

/// A window that slides over an image: what convolutions and pools share.
template <class Window, class DefaultStride, class... Options>
struct sliding {
  using window = Window;
  using stride =
      typename detail::find_option<detail::option_kind::stride, DefaultStride, Options...>::type;
  static constexpr bool same_padding = (std::same_as<Options, same> || ...);

  template <detail::option_kind Kind>
  static constexpr int given = detail::count_options<Kind, Options...>;

  static constexpr bool repeats_an_option = given<detail::option_kind::window> > 1 ||
                                            given<detail::option_kind::stride> > 1 ||
                                            given<detail::option_kind::padding> > 1 ||
                                            given<detail::option_kind::algorithm> > 1;

  template <int Height, int Width, int Channels>
  static constexpr detail::sampling rows(shape<Height, Width, Channels>) {
    return down(Height);
  }

  template <int Height, int Width, int Channels>
  static constexpr detail::sampling columns(shape<Height, Width, Channels>) {
    return across(Width);
  }

  /// The shape of an output with `Outputs` channels, or what is wrong with window and stride.
  template <int Outputs, int Height, int Width, int Channels>
  static constexpr auto slide(shape<Height, Width, Channels>) {
    if constexpr (!window::valid) {
      return refuses<rule::the_window_is_at_least_1>{};
    } else if constexpr (!stride::valid) {
      return refuses<rule::the_stride_is_at_least_1>{};
    } else {
      constexpr int height = down(Height).outputs(), width = across(Width).outputs();
      if constexpr (height < 1 || width < 1) {
        return refuses<rule::the_window_fits_in_the_image>{};
      } else {
        return shape<height, width, Outputs>{};
      }
    }
  }

 private:  // one function for images of every shape
  static constexpr detail::sampling down(int height) {
    return {height, window::height, stride::height, same_padding};
  }
  static constexpr detail::sampling across(int width) {
    return {width, window::width, stride::width, same_padding};
  }
};

}  // namespace lamina::layers
