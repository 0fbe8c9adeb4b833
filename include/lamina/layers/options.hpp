// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <type_traits>

#include <lamina/layers/problem.hpp>

namespace lamina {

namespace detail {

/// A whole number as `int` where it fits, so that `dense<512u>` is `dense<512>`; anything else
/// stays what it is and is refused by the layer.
template <auto Number>
constexpr auto whole() {
  if constexpr (std::integral<decltype(Number)> &&
                !std::same_as<std::remove_cv_t<decltype(Number)>, bool>) {
    constexpr int narrowed = static_cast<int>(Number);
    if constexpr (static_cast<long long>(narrowed) == static_cast<long long>(Number) &&
                  (narrowed < 0) == (Number < 0)) {
      return narrowed;
    } else {
      return Number;
    }
  } else {
    return Number;
  }
}

/// A number as `double`, so that `dropout<.5f>` is `dropout<0.5>`.
template <auto Number>
constexpr auto real() {
  if constexpr (std::is_arithmetic_v<decltype(Number)>) {
    return static_cast<double>(Number);
  } else {
    return Number;
  }
}

constexpr bool is_at_least_1(int number) { return number >= 1; }

template <class Other>
constexpr bool is_at_least_1(const Other&) {
  return false;
}

/// Whether a template argument is an `int` of at least 1.
template <auto Number>
inline constexpr bool is_positive = is_at_least_1(Number);

}  // namespace detail

namespace layers {

template <auto Height, auto Width>
struct window {
  static constexpr bool valid = detail::is_positive<Height> && detail::is_positive<Width>;
  static constexpr auto height = Height;
  static constexpr auto width = Width;
};

template <auto Height, auto Width>
struct stride {
  static constexpr bool valid = detail::is_positive<Height> && detail::is_positive<Width>;
  static constexpr auto height = Height;
  static constexpr auto width = Width;
};

}  // namespace layers

/// Option of `conv2d`: the window's height and width in pixels; `window<3>` is 3 by 3.
template <auto Height, auto Width = Height>
using window = layers::window<detail::whole<Height>(), detail::whole<Width>()>;

/// Option of `conv2d` and of pools: pixels from one window to the next, downwards and to the right.
template <auto Height, auto Width = Height>
using stride = layers::stride<detail::whole<Height>(), detail::whole<Width>()>;

/// Option: the image is padded with zeros so that the output has ceil(extent / stride) pixels;
/// of an odd number of padded rows the extra one is at the bottom, as in Keras.
struct same {};

/// Option, the default: windows that lie within the image only.
struct valid {};

/// Option of `conv2d`: a product for each tap of a window, even where Winograd's algorithm would do
/// with fewer. The weights are the same, and are exchanged between the two.
struct direct {};

namespace detail {

struct no_option {};

enum class option_kind { unknown, window, stride, padding, algorithm };

template <class Option>
inline constexpr option_kind kind_of_option = option_kind::unknown;
template <auto Height, auto Width>
inline constexpr option_kind kind_of_option<layers::window<Height, Width>> = option_kind::window;
template <auto Height, auto Width>
inline constexpr option_kind kind_of_option<layers::stride<Height, Width>> = option_kind::stride;
template <>
inline constexpr option_kind kind_of_option<same> = option_kind::padding;
template <>
inline constexpr option_kind kind_of_option<valid> = option_kind::padding;
template <>
inline constexpr option_kind kind_of_option<direct> = option_kind::algorithm;

template <option_kind Kind, class... Options>
inline constexpr int count_options = (0 + ... + (kind_of_option<Options> == Kind ? 1 : 0));

template <option_kind Kind, class Fallback, class... Options>
struct find_option {
  using type = Fallback;
};

template <option_kind Kind, class Fallback, class First, class... Rest>
struct find_option<Kind, Fallback, First, Rest...>
    : std::conditional_t<kind_of_option<First> == Kind, std::type_identity<First>,
                         find_option<Kind, Fallback, Rest...>> {};

/// Window, stride and padding along one direction.
struct sampling {
  int extent;  // of the input
  int window;
  int stride;
  bool same;

  constexpr int outputs() const {
    if (same) return (extent + stride - 1) / stride;
    return extent < window ? 0 : (extent - window) / stride + 1;
  }

  /// Rows of zeros before the first one.
  constexpr int padding() const {
    const int total = (outputs() - 1) * stride + window - extent;
    return same && total > 0 ? total / 2 : 0;
  }
};

}  // namespace detail

}  // namespace lamina
