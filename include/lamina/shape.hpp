// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

namespace lamina {

/// The extents of an activation without its batch: `(height, width, channels)` of an image,
/// `(size)` of a flat vector.
template <int... Extents>
struct shape {
  static constexpr int rank = sizeof...(Extents);
  /// The number of values of one image.
  static constexpr std::ptrdiff_t size = (std::ptrdiff_t{1} * ... * Extents);

  friend constexpr bool operator==(shape, shape) { return true; }
};

template <int... Left, int... Right>
constexpr bool operator==(shape<Left...>, shape<Right...>) {
  return false;
}

template <class Type>
inline constexpr bool is_shape = false;

template <int... Extents>
inline constexpr bool is_shape<shape<Extents...>> = true;

namespace detail {

/// Height, width and channels as values; a flat shape is one pixel with its size as channels.
struct extents {
  int height = 1;
  int width = 1;
  int channels = 1;

  constexpr int pixels() const { return height * width; }
  constexpr int size() const { return height * width * channels; }
};

template <int Height, int Width, int Channels>
constexpr extents extents_of(shape<Height, Width, Channels>) {
  return {Height, Width, Channels};
}

template <int Size>
constexpr extents extents_of(shape<Size>) {
  return {1, 1, Size};
}

}  // namespace detail

}  // namespace lamina
