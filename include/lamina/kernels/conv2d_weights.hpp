// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_forward.hpp"

namespace lamina::kernels {

namespace detail {

/// Window columns that are summed together, and outputs for which that is done.
template <class Arch, class T, int KW>
struct conv2d_weights_tile {
  static constexpr int columns = std::min(KW, tile<Arch, T>::accumulators);
  static constexpr int outputs = std::max(1, tile<Arch, T>::accumulators / columns);
  static constexpr int channels = 4;  // whose sums are held in the first cache
};

/// Where one row of outputs meets one row of an input channel.
template <class T>
struct conv2d_meeting {
  const T* dy;  // (output of the tile, column, lane)
  std::ptrdiff_t dy_channel;
  const T* x;  // (column, lane)
  int in_width, out_width, pad_left;
};

/// sums[column][output] += dy[output] * x[column] over all pixels of a row: Columns x Outputs
/// registers, whose elements are lanes. Pixels at the edges leave out the taps in the padding.
template <class Arch, int Outputs, int Columns, int SW, class T>
void conv2d_weights_row(const conv2d_meeting<T>& m, int first_column, T* sums) {
  constexpr int n = registers<Arch, T>, w = width<Arch, T>;
  batch<Arch, T> at[Columns][Outputs];
  unroll<Columns * Outputs>([&](auto i) __attribute__((always_inline)) {
    at[i / Outputs][i % Outputs] = load<Arch>(sums + i * w);
  });
  const int shift = first_column - m.pad_left;
  const auto add = [&](int pixel, auto r, auto k) __attribute__((always_inline)) {
    const auto x = load<Arch>(m.x + (pixel * SW + shift + k) * lanes + r * w);
    unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
      at[k][o] =
          kernels::fma(load<Arch>(m.dy + o * m.dy_channel + pixel * lanes + r * w), x, at[k][o]);
    });
  };
  const auto edge = [&](int pixel) __attribute__((always_inline)) {
    unroll<n>([&](auto r) __attribute__((always_inline)) {
      unroll<Columns>([&](auto k) __attribute__((always_inline)) {
        const int column = pixel * SW + shift + k;
        if (column >= 0 && column < m.in_width) add(pixel, r, k);
      });
    });
  };
  const int left = std::clamp(ceil_divide(-shift, SW), 0, m.out_width);
  const int right = std::clamp((m.in_width - Columns - shift + SW) / SW, left, m.out_width);
  int pixel = 0;
  for (; pixel < left; ++pixel) edge(pixel);
  for (; pixel < right; ++pixel)
    unroll<n>([&](auto r) __attribute__((always_inline)) {
      unroll<Columns>([&](auto k) __attribute__((always_inline)) { add(pixel, r, k); });
    });
  for (; pixel < m.out_width; ++pixel) edge(pixel);
  unroll<Columns * Outputs>([&](auto i) __attribute__((always_inline)) {
    put<Arch>(sums + i * w, at[i / Outputs][i % Outputs]);
  });
}

/// All columns of the window, a few at a time.
template <class Arch, int Outputs, int KW, int SW, int First = 0, class T>
[[gnu::always_inline]] inline void conv2d_weights_columns(const conv2d_meeting<T>& m, T* sums) {
  constexpr int columns = std::min(KW - First, conv2d_weights_tile<Arch, T, KW>::columns);
  conv2d_weights_row<Arch, Outputs, columns, SW>(m, First, sums + First * Outputs * width<Arch, T>);
  if constexpr (First + columns < KW)
    conv2d_weights_columns<Arch, Outputs, KW, SW, First + columns>(m, sums);
}

/// Operands of the whole gradient.
template <class T>
struct conv2d_gradient {
  conv2d_extents e;
  blocked<const T> dy, x;
  int blocks;
  T* dw;  // (out, in, KH, KW)
  T* db;  // (out)
};

/// `Outputs` outputs and `channels` input channels: sums over blocks, rows and pixels in this order
/// in a small array of registers, whose elements are added up at the end.
template <class Arch, int Outputs, int KH, int KW, int SH, int SW, class T>
void conv2d_weights_some(const conv2d_gradient<T>& g, int output, range channels) {
  constexpr int w = width<Arch, T>, taps = KH * KW;
  constexpr int most = conv2d_weights_tile<Arch, T, KW>::channels;
  const conv2d_extents& e = g.e;
  const std::ptrdiff_t x_row = e.in_width * lanes, dy_row = e.out_width * lanes;
  alignas(64) T sums[most][taps][Outputs][w] = {};
  for (int b = 0; b < g.blocks; ++b)
    for (int r = 0; r < e.out_height; ++r) {
      const int origin = r * SH - e.pad_top;
      const range inside = taps_inside(origin, KH, e.in_height);
      const T* dy = g.dy.block(b) + (output * e.out_height + r) * dy_row;
      for (int c = channels.first; c < channels.last; ++c)
        for (int k = inside.first; k < inside.last; ++k) {
          const T* x = g.x.block(b) + (c * e.in_height + origin + k) * x_row;
          const conv2d_meeting<T> m{dy,         e.out_height * dy_row, x,
                                    e.in_width, e.out_width,           e.pad_left};
          conv2d_weights_columns<Arch, Outputs, KW, SW>(m, &sums[c - channels.first][k * KW][0][0]);
        }
    }
  for (int o = 0; o < Outputs; ++o)
    for (int c = channels.first; c < channels.last; ++c)
      for (int k = 0; k < taps; ++k)
        g.dw[((output + o) * e.in_channels + c) * taps + k] =
            kernels::sum(load<Arch>(sums[c - channels.first][k][o]));
}

template <class Arch, class T>
void conv2d_bias_gradient(const conv2d_gradient<T>& g, int output) {
  const std::ptrdiff_t plane = static_cast<std::ptrdiff_t>(g.e.out_height) * g.e.out_width * lanes;
  batch<Arch, T> total(T(0));
  for (int b = 0; b < g.blocks; ++b)
    for (std::ptrdiff_t i = 0; i < plane; i += width<Arch, T>)
      total += load<Arch>(g.dy.block(b) + output * plane + i);
  g.db[output] = kernels::sum(total);
}

/// Whole tiles of outputs, then halves of it for what is left.
template <class Arch, int Outputs, int KH, int KW, int SH, int SW, class T>
void conv2d_weights_all(const conv2d_gradient<T>& g, range outputs) {
  constexpr int some = conv2d_weights_tile<Arch, T, KW>::channels;
  int o = outputs.first;
  for (; o + Outputs <= outputs.last; o += Outputs)
    for (int c = 0; c < g.e.in_channels; c += some)
      conv2d_weights_some<Arch, Outputs, KH, KW, SH, SW>(g, o,
                                                         {c, std::min(c + some, g.e.in_channels)});
  if constexpr (Outputs > 1) {
    if (o < outputs.last)
      conv2d_weights_all<Arch, Outputs / 2, KH, KW, SH, SW>(g, {o, outputs.last});
  }
}

}  // namespace detail

/// dw = the gradient of the weights and db = the sum of dy, over all blocks, for the given outputs;
/// both are overwritten. Sums run in an order that does not depend on the range.
template <class Arch = native, int KH, int KW, int SH, int SW, class T>
void conv2d_backward_weights(window<KH, KW, SH, SW>, conv2d_extents e, reading<T> dy,
                             reading<T> x,              // (block, channel, y, x, lane)
                             int blocks, T* dw, T* db,  // (out, in, KH, KW), (out)
                             range outputs) {
  const detail::conv2d_gradient<T> g{e, dy, x, blocks, dw, db};
  constexpr int tile_outputs = detail::conv2d_weights_tile<Arch, T, KW>::outputs;
  detail::conv2d_weights_all<Arch, tile_outputs, KH, KW, SH, SW>(g, outputs);
  for (int o = outputs.first; o < outputs.last; ++o) detail::conv2d_bias_gradient<Arch>(g, o);
}

}  // namespace lamina::kernels
