// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_forward.hpp"

namespace lamina::kernels {

namespace detail {

/// The taps of a turned window with stride S that meet an output, and the first output they meet:
/// tap t of pixel i sees output (i - pad + t) / S where that is whole.
struct strided_taps {
  int first, count, output;
};

template <int S>
[[gnu::always_inline]] constexpr strided_taps taps_of_pixel(int pixel, int pad, int size,
                                                            int outputs) {
  const int output = std::max(0, ceil_divide(pixel - pad, S));
  const int tap = output * S - pixel + pad;
  const int count = std::min(ceil_divide(size - tap, S), outputs - output);
  return {tap, std::max(0, count), output};
}

/// One row of dx of one tile of channels with strides: each pixel meets every S-th tap only.
template <class Arch, bool Whole, int KW, int SW, class T>
void conv2d_strided_row(const conv2d_row<T>& row, conv2d_extents e) {
  constexpr int o = conv2d_output_tile<Arch, T>;
  for (int column = 0; column < e.in_width; ++column) {
    const auto taps = taps_of_pixel<SW>(column, KW - 1 - e.pad_left, KW, e.out_width);
    conv2d_edge<Arch, Whole>(row, row.x + taps.output * lanes, taps.first * o, taps.count, SW * o,
                             row.y + column * lanes, identity{});
  }
}

template <class Arch, int KH, int KW, int SH, int SW, class T>
void conv2d_strided_block(conv2d_extents e, const T* packed, const T* dy, T* dx, range channels) {
  constexpr int o = conv2d_output_tile<Arch, T>;
  const std::ptrdiff_t dx_row = e.in_width * lanes, dx_channel = dx_row * e.in_height;
  const std::ptrdiff_t dy_row = e.out_width * lanes, dy_channel = dy_row * e.out_height;
  for (int r = 0; r < e.in_height; ++r) {
    const auto taps = taps_of_pixel<SH>(r, KH - 1 - e.pad_top, KH, e.out_height);
    for (int first = channels.first; first < channels.last; first += o) {
      const T* weights =
          packed +
          (static_cast<std::ptrdiff_t>(first / o) * e.out_channels * KH + taps.first) * KW * o;
      const conv2d_row<T> row{dy + taps.output * dy_row,
                              weights,
                              dx + first * dx_channel + r * dx_row,
                              nullptr,
                              e.out_channels,
                              taps.count,
                              std::min(o, channels.last - first),
                              dy_channel,
                              dy_row,
                              KH * KW * o,
                              SH * KW * o,
                              dx_channel,
                              true,
                              true};
      if (row.outputs == o)
        conv2d_strided_row<Arch, true, KW, SW>(row, e);
      else
        conv2d_strided_row<Arch, false, KW, SW>(row, e);
    }
  }
}

}  // namespace detail

/// dx = the gradient of the input for the given input channels of the given blocks; overwritten.
template <class Arch = native, int KH, int KW, int SH, int SW, class T>
void conv2d_backward_input(window<KH, KW, SH, SW>, conv2d_extents e,
                           const T* packed,               // by conv2d_pack_backward_input
                           reading<T> dy, blocked<T> dx,  // (block, channel, y, x, lane)
                           range blocks, range channels) {
  if constexpr (SH == 1 && SW == 1) {
    const conv2d_extents turned{e.out_channels,     e.out_height,       e.out_width,
                                e.in_channels,      e.in_height,        e.in_width,
                                KH - 1 - e.pad_top, KW - 1 - e.pad_left};
    const T* no_bias = nullptr;
    conv2d_forward<Arch>(window<KH, KW>{}, turned, packed, no_bias, dy, dx, blocks, channels,
                         identity{});
  } else {
    for (int b = blocks.first; b < blocks.last; ++b)
      detail::conv2d_strided_block<Arch, KH, KW, SH, SW>(e, packed, dy.block(b), dx.block(b),
                                                         channels);
  }
}

}  // namespace lamina::kernels
