// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

/// Output channels that lie together in packed weights. A range of outputs of conv2d_forward, and
/// of channels of conv2d_backward_input, starts at a multiple of it.
template <class Arch, class T>
inline constexpr int conv2d_output_tile = tile<Arch, T>::conv2d_outputs;

/// Elements of the packed weights, for either packing.
template <class Arch, class T, int KH, int KW, int SH, int SW>
constexpr std::size_t conv2d_packed_size(window<KH, KW, SH, SW>, conv2d_extents e) {
  constexpr int o = conv2d_output_tile<Arch, T>;
  const auto size = [&](int in, int out) {
    return static_cast<std::size_t>((out + o - 1) / o * o) * static_cast<std::size_t>(in);
  };
  return std::max(size(e.in_channels, e.out_channels), size(e.out_channels, e.in_channels)) *
         static_cast<std::size_t>(KH * KW);
}

namespace detail {

/// packed (tile, in, ky, kx, output of the tile) from weight(out, in, tap), zero past the last.
template <class Arch, int Taps, class T, class Weight>
[[gnu::always_inline]] inline void pack_tiles(int in, int out, T* packed, Weight weight) {
  constexpr int width = conv2d_output_tile<Arch, T>;
  for (int first = 0; first < out; first += width)
    for (int i = 0; i < in; ++i)
      for (int tap = 0; tap < Taps; ++tap)
        for (int o = first; o < first + width; ++o) *packed++ = o < out ? weight(o, i, tap) : T(0);
}

}  // namespace detail

template <class Arch = native, int KH, int KW, int SH, int SW, class T>
void conv2d_pack_forward(window<KH, KW, SH, SW>, conv2d_extents e,
                         const T* weights,  // (out, in, KH, KW)
                         T* packed) {       // (out / tile, in, KH, KW, tile)
  constexpr int taps = KH * KW;
  detail::pack_tiles<Arch, taps>(e.in_channels, e.out_channels, packed, [&](int o, int i, int tap) {
    return weights[(o * e.in_channels + i) * taps + tap];
  });
}

/// Turned by half a turn and with inputs and outputs exchanged, so that the gradient of the input
/// is a convolution too.
template <class Arch = native, int KH, int KW, int SH, int SW, class T>
void conv2d_pack_backward_input(window<KH, KW, SH, SW>, conv2d_extents e,
                                const T* weights,  // (out, in, KH, KW)
                                T* packed) {       // (in / tile, out, KH, KW, tile)
  constexpr int taps = KH * KW;
  detail::pack_tiles<Arch, taps>(e.out_channels, e.in_channels, packed, [&](int i, int o, int tap) {
    return weights[(o * e.in_channels + i) * taps + taps - 1 - tap];
  });
}

}  // namespace lamina::kernels
