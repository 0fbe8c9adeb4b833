// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_pack.hpp"

namespace lamina::kernels {

// Convolutions with a window of 3 x 3 and strides of 1 by Winograd's minimal filtering: four by
// four inputs become two by two outputs with 16 products for each pair of channels instead of 36
// (Lavin and Gray, Fast Algorithms for Convolutional Neural Networks, 2015, section 4.1). Inputs
// and weights are transformed by additions, at each of the 16 positions of a tile the channels are
// multiplied as by a convolution of 1 x 1, and additions make the outputs of the products. A sum
// has a ninth of the terms of the direct one, and its error is no larger.

inline constexpr int winograd_positions = 16;

/// Tiles of 2 x 2 outputs; the last ones may hang over the edge.
[[gnu::always_inline]] constexpr int winograd_rows(const conv2d_extents& e) {
  return (e.out_height + 1) / 2;
}
[[gnu::always_inline]] constexpr int winograd_columns(const conv2d_extents& e) {
  return (e.out_width + 1) / 2;
}

/// Tiles of outputs, of which the packed weights consist.
template <class Arch, class T>
[[gnu::always_inline]] constexpr int winograd_packed_tiles(const conv2d_extents& e) {
  constexpr int o = conv2d_output_tile<Arch, T>;
  return (e.out_channels + o - 1) / o;
}

namespace detail {

template <class Arch, class T>
[[gnu::always_inline]] constexpr int winograd_padded_outputs(const conv2d_extents& e) {
  return winograd_packed_tiles<Arch, T>(e) * conv2d_output_tile<Arch, T>;
}

}  // namespace detail

/// Elements of the transformed weights.
template <class Arch, class T>
constexpr std::size_t winograd_packed_size(const conv2d_extents& e) {
  return std::size_t{winograd_positions} *
         static_cast<std::size_t>(detail::winograd_padded_outputs<Arch, T>(e) * e.in_channels);
}

/// The convolution whose output is the gradient of the input.
[[gnu::always_inline]] constexpr conv2d_extents winograd_turned(const conv2d_extents& e) {
  return {e.out_channels, e.out_height, e.out_width,   e.in_channels,
          e.in_height,    e.in_width,   2 - e.pad_top, 2 - e.pad_left};
}

namespace detail {

/// packed (position, output / tile, in, output of the tile) from weight(out, in, tap) for some
/// tiles, zero past the last output.
template <class Arch, class T, class Weight>
[[gnu::always_inline]] inline void winograd_pack(const conv2d_extents& e, range tiles, T* packed,
                                                 Weight weight) {
  constexpr int width = conv2d_output_tile<Arch, T>;
  const int in = e.in_channels, out = e.out_channels;
  const std::ptrdiff_t position = std::ptrdiff_t{winograd_padded_outputs<Arch, T>(e)} * in;
  packed += std::ptrdiff_t{tiles.first} * width * in;
  for (int first = tiles.first * width; first < tiles.last * width; first += width)
    for (int i = 0; i < in; ++i, packed += width) {
      T half[4][3][width];  // the columns transformed
      for (int column = 0; column < 3; ++column)
        for (int o = 0; o < width; ++o) {
          const bool live = first + o < out;
          const T top = live ? weight(first + o, i, column) : T(0);
          const T middle = live ? weight(first + o, i, 3 + column) : T(0);
          const T bottom = live ? weight(first + o, i, 6 + column) : T(0);
          half[0][column][o] = top;
          half[1][column][o] = (top + middle + bottom) / 2;
          half[2][column][o] = (top - middle + bottom) / 2;
          half[3][column][o] = bottom;
        }
      for (int row = 0; row < 4; ++row)
        for (int o = 0; o < width; ++o) {
          const T left = half[row][0][o], middle = half[row][1][o], right = half[row][2][o];
          T* const to = packed + 4 * row * position + o;
          to[0] = left;
          to[position] = (left + middle + right) / 2;
          to[2 * position] = (left - middle + right) / 2;
          to[3 * position] = right;
        }
    }
}

/// Which two of four neighbours a transformed input is the sum or the difference of.
struct winograd_pair {
  int first, second;
  bool plus;
};
inline constexpr winograd_pair winograd_pairs[4] = {
    {0, 2, false}, {1, 2, true}, {2, 1, false}, {1, 3, false}};

}  // namespace detail

/// The weights of some tiles of outputs, transformed.
template <class Arch = native, class T>
void winograd_pack_forward(const conv2d_extents& e, const T* weights,  // (out, in, 3, 3)
                           range tiles, T* packed) {  // (position, out / tile, in, tile)
  detail::winograd_pack<Arch>(e, tiles, packed, [&](int o, int i, int tap) {
    return weights[(o * e.in_channels + i) * 9 + tap];
  });
}

/// Turned by half a turn and with inputs and outputs exchanged; tiles of winograd_turned(e).
template <class Arch = native, class T>
void winograd_pack_backward_input(const conv2d_extents& e, const T* weights,  // (out, in, 3, 3)
                                  range tiles, T* packed) {  // (position, in / tile, out, tile)
  detail::winograd_pack<Arch>(winograd_turned(e), tiles, packed, [&](int i, int o, int tap) {
    return weights[(o * e.in_channels + i) * 9 + 8 - tap];
  });
}

}  // namespace lamina::kernels
