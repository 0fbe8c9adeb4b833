// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_forward.hpp"
#include "lamina/kernels/conv2d_weights_sums.hpp"

namespace lamina::kernels {

namespace detail {

/// Where a band of rows of outputs meets rows of an input channel.
template <class T>
struct conv2d_meeting {
  const T* dy;  // (output of the tile, row, column, lane)
  const T* x;   // (row, column, lane), the column that the first output meets first, maybe outside
  int rows;
  std::ptrdiff_t dy_channel, dy_row, x_row;  // x_row between the inputs of neighbouring outputs
};

/// Adds the pixels of a band that meet all columns to the sums (column, output, lane), with the one
/// before them, which lacks the first column, and the one behind them, which lacks the last, where
/// both are there.
template <class Arch, int Outputs, int Columns, int KW, int SW, class T>
[[gnu::noinline]] void conv2d_weights_middle(const conv2d_meeting<T>& m, range pixels,
                                             bool with_edges, T* memory) {
  using sums_of = conv2d_weights_sums<Arch, Outputs, Columns, KW, T>;
  sums_of sums;
  sums.start(memory);
  const std::ptrdiff_t dy_channel = m.dy_channel;
  for (int row = 0; row < m.rows; ++row) {
    const T* x = m.x + row * m.x_row + pixels.first * SW * lanes;
    const T* dy = m.dy + row * m.dy_row + pixels.first * lanes;
    int p = pixels.first;
    if constexpr (constexpr int some = sums_of::pixels; some > 1) {
      if (with_edges) sums.template add_pixels<1, SW, 1>(dy - lanes, dy_channel, x - SW * lanes);
      if constexpr (Outputs > 2)  // fewer are rare: not worth compiling
        for (; p + some <= pixels.last; p += some, dy += some * lanes, x += some * SW * lanes)
          sums.template add_pixels<some, SW>(dy, dy_channel, x);
      for (; p < pixels.last; ++p, dy += lanes, x += SW * lanes)
        sums.template add_pixels<1, SW>(dy, dy_channel, x);
      if (with_edges) sums.template add_pixels<1, SW, 0, Columns - 1>(dy, dy_channel, x);
    } else {
      for (; p < pixels.last; ++p, dy += lanes, x += SW * lanes) sums.add(dy, dy_channel, x);
    }
  }
  sums.finish(memory);
}

/// Adds one column of pixels of a band and a few columns of the window.
template <class Arch, int Outputs, int Columns, int KW, class T>
[[gnu::noinline]] void conv2d_weights_edge(const conv2d_meeting<T>& m, const T* dy, const T* x,
                                           T* memory) {
  conv2d_weights_sums<Arch, Outputs, Columns, KW, T> sums;
  sums.start(memory);
  for (int row = 0; row < m.rows; ++row, dy += m.dy_row, x += m.x_row)
    sums.add(dy, m.dy_channel, x);
  sums.finish(memory);
}

/// The pixels that meet all columns of a piece of the window whose first column lies `shift` to the
/// right of the output.
template <int Columns, int SW>
[[gnu::always_inline]] constexpr range conv2d_middle(int shift, int in_width, int out_width) {
  const int left = std::clamp(ceil_divide(-shift, SW), 0, out_width);
  return {left, std::clamp((in_width - Columns - shift + SW) / SW, left, out_width)};
}

/// The pixels at the edges of some rows, which leave out the taps in the padding.
template <class Arch, int Outputs, int Columns, int KW, int SW, class T>
[[gnu::noinline]] void conv2d_weights_edges(const conv2d_meeting<T>& m, int shift, int in_width,
                                            int out_width, T* memory) {
  const range middle = conv2d_middle<Columns, SW>(shift, in_width, out_width);
  for (int pixel = 0; pixel < out_width; ++pixel) {
    if (pixel == middle.first) pixel = middle.last;
    if (pixel == out_width) return;
    const range columns = taps_inside(pixel * SW + shift, Columns, in_width);
    const T* const dy = m.dy + pixel * lanes;
    for (int k = columns.first; k < columns.last; k += 2) {
      const T* const x = m.x + (pixel * SW + k) * lanes;
      T* const sums = memory + k * Outputs * width<Arch, T>;
      if (k + 1 < columns.last)
        conv2d_weights_edge<Arch, Outputs, 2, KW>(m, dy, x, sums);
      else
        conv2d_weights_edge<Arch, Outputs, 1, KW>(m, dy, x, sums);
    }
  }
}

/// All columns of the window, a few at a time, and either the middle or the edges of the rows.
template <class Arch, bool Middle, int Outputs, int KW, int SW, int First = 0, class T>
[[gnu::always_inline]] inline void conv2d_weights_columns(conv2d_meeting<T> m, conv2d_extents e,
                                                          T* memory) {
  constexpr int columns = std::min(KW - First, conv2d_weights_tile<Arch, T, KW>::columns);
  constexpr bool may_join =
      columns == KW && conv2d_weights_sums<Arch, Outputs, columns, KW, T>::pixels > 1;
  const int shift = First - e.pad_left;
  const range middle = conv2d_middle<columns, SW>(shift, e.in_width, e.out_width);
  const bool joined = may_join && middle.first == 1 && middle.last == e.out_width - 1 &&
                      taps_inside(shift, KW, e.in_width).first == 1 &&
                      taps_inside(middle.last * SW + shift, KW, e.in_width).last == KW - 1;
  if constexpr (Middle)
    conv2d_weights_middle<Arch, Outputs, columns, KW, SW>(m, middle, joined, memory);
  else if (!joined)
    conv2d_weights_edges<Arch, Outputs, columns, KW, SW>(m, shift, e.in_width, e.out_width, memory);
  m.x += columns * lanes;
  if constexpr (First + columns < KW)
    conv2d_weights_columns<Arch, Middle, Outputs, KW, SW, First + columns>(
        m, e, memory + columns * Outputs * width<Arch, T>);
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

/// Some rows of the gradient of one block's outputs: row rows.first of the first output at `at`.
template <class T>
struct conv2d_band {
  const T* at;
  std::ptrdiff_t channel;  // distance
  range rows;
};

/// Adds the middle or the edges of the rows of a band to the sums (channel, tap, output, lane) of a
/// few channels of x, one block.
template <class Arch, bool Middle, int Outputs, int KH, int KW, int SH, int SW, class T>
[[gnu::always_inline]] inline void conv2d_weights_add(const conv2d_extents& e,
                                                      const conv2d_band<T>& dy, const T* x,
                                                      range channels, T* sums) {
  const std::ptrdiff_t x_row = e.in_width * lanes, dy_row = e.out_width * lanes;
  const range rows = dy.rows;
  for (int c = channels.first; c < channels.last; ++c)
    for (int k = 0; k < KH; ++k) {
      const int shift = k - e.pad_top;  // output row r meets input row r * SH + shift
      const int first = std::max(rows.first, ceil_divide(-shift, SH));
      const int last = std::min(rows.last, ceil_divide(e.in_height - shift, SH));
      T* memory = sums + ((c - channels.first) * KH + k) * KW * Outputs * width<Arch, T>;
      const conv2d_meeting<T> m{
          dy.at + (first - rows.first) * dy_row,
          x + (c * e.in_height + first * SH + shift) * x_row - e.pad_left * lanes,
          last - first,
          dy.channel,
          dy_row,
          SH * x_row};
      if (m.rows > 0) conv2d_weights_columns<Arch, Middle, Outputs, KW, SW>(m, e, memory);
    }
}

/// `Outputs` outputs and a few input channels: sums over blocks, rows and pixels in a small array
/// of registers, whose elements are added up at the end. A band of rows of dy stays in the first
/// cache while all taps meet it. The order of a sum depends on the extents alone: for each block
/// the middle of the rows, then their edges.
template <class Arch, int Outputs, int KH, int KW, int SH, int SW, class T>
void conv2d_weights_some(const conv2d_gradient<T>& g, int output, range channels) {
  constexpr int w = width<Arch, T>, taps = KH * KW;
  constexpr int most = conv2d_weights_tile<Arch, T, KW>::channels;
  constexpr int pixels =
      24576 / (conv2d_weights_tile<Arch, T, KW>::outputs * lanes * static_cast<int>(sizeof(T)));
  const conv2d_extents& e = g.e;
  const int band = std::max(1, pixels / e.out_width);
  alignas(64) T sums[most][taps][Outputs][w] = {};
  const std::ptrdiff_t dy_row = e.out_width * lanes, dy_channel = e.out_height * dy_row;
  for (int b = 0; b < g.blocks; ++b) {
    const T* dy = g.dy.block(b) + output * dy_channel;
    const auto add = [&](auto middle, range rows) __attribute__((always_inline)) {
      conv2d_weights_add<Arch, middle, Outputs, KH, KW, SH, SW>(
          e, conv2d_band<T>{dy + rows.first * dy_row, dy_channel, rows}, g.x.block(b), channels,
          &sums[0][0][0][0]);
    };
    for (int r = 0; r < e.out_height; r += band)
      add(std::true_type{}, {r, std::min(r + band, e.out_height)});
    add(std::false_type{}, {0, e.out_height});
  }
  for (int o = 0; o < Outputs; ++o)
    for (int c = channels.first; c < channels.last; ++c)
      for (int k = 0; k < taps; ++k)
        g.dw[((output + o) * e.in_channels + c) * taps + k] =
            kernels::sum(load<Arch>(sums[c - channels.first][k][o]));
}

/// The sum of some pixels and their lanes. Two pixels go side by side, because one addition waits
/// for the last.
template <class Arch, class T>
T sum_of_pixels(const T* dy, int pixels) {
  constexpr int n = registers<Arch, T>, w = width<Arch, T>;
  batch<Arch, T> sums[2 * n];
  unroll<2 * n>([&](int i) __attribute__((always_inline)) { sums[i] = filled<Arch, T>(T(0)); });
  for (int p = 0; p + 2 <= pixels; p += 2)
    unroll<2 * n>([&](int i) __attribute__((always_inline)) {
      sums[i] += load<Arch>(dy + p * lanes + i * w);
    });
  if (pixels % 2 != 0)
    unroll<n>([&](int i) __attribute__((always_inline)) {
      sums[i] += load<Arch>(dy + (pixels - 1) * lanes + i * w);
    });
  unroll<2 * n - 1>([&](int i) __attribute__((always_inline)) { sums[0] += sums[i + 1]; });
  return kernels::sum(sums[0]);
}

/// db of one output; the sums of the blocks are added in double.
template <class Arch, class T>
void conv2d_bias_gradient(const conv2d_gradient<T>& g, int output) {
  const int pixels = g.e.out_height * g.e.out_width;
  double total = 0;
  for (int b = 0; b < g.blocks; ++b)
    total += static_cast<double>(sum_of_pixels<Arch>(
        g.dy.block(b) + static_cast<std::ptrdiff_t>(output) * pixels * lanes, pixels));
  g.db[output] = static_cast<T>(total);
}

}  // namespace detail

/// Outputs whose weights' gradients are summed together.
template <class Arch, class T, int KW>
inline constexpr int conv2d_weights_output_tile = detail::conv2d_weights_tile<Arch, T, KW>::outputs;

/// dw = the gradient of the weights and db = the sum of dy, over all blocks, for the given outputs;
/// both are overwritten. Sums run in an order that does not depend on the range.
template <class Arch = native, int KH, int KW, int SH, int SW, class T>
void conv2d_backward_weights(window<KH, KW, SH, SW>, conv2d_extents e, reading<T> dy,
                             reading<T> x,              // (block, channel, y, x, lane)
                             int blocks, T* dw, T* db,  // (out, in, KH, KW), (out)
                             range outputs) {
  const detail::conv2d_gradient<T> g{e, dy, x, blocks, dw, db};
  using tile = detail::conv2d_weights_tile<Arch, T, KW>;
  for_each_tile<tile::outputs>(outputs, [&](auto some, int o) {
    for (int c = 0; c < e.in_channels; c += tile::channels)
      detail::conv2d_weights_some<Arch, some, KH, KW, SH, SW>(
          g, o, {c, std::min(c + tile::channels, e.in_channels)});
  });
  for (int o = outputs.first; o < outputs.last; ++o) detail::conv2d_bias_gradient<Arch>(g, o);
}

}  // namespace lamina::kernels
