// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/conv2d_pack.hpp"
#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

namespace detail {

/// A convolution over packed weights: its operands and the distances between their elements.
template <class T>
struct conv2d_product {
  const T* weights;  // (out / tile, in, KH, KW, tile)
  const T* bias;     // (out), null: zeros
  conv2d_extents e;
};

/// The taps that one row of outputs sees of a few input channels: pointers to the first channel,
/// row and column, and the distances to the next ones.
template <class T>
struct conv2d_row {
  const T* x;
  const T* weights;
  T* y;           // (output of the tile, column, lane)
  const T* bias;  // of the tile, null: zeros
  int channels, rows;
  int outputs;  // of the tile; the weights of those that a tile lacks are zeros
  std::ptrdiff_t x_channel, x_row, weights_channel, weights_row, y_channel;
  bool first, last;  // piece of the input channels
};

/// Outputs of a tile x (pixels x registers) of accumulators, started from the bias or from what the
/// pieces of channels before have left in y. The last tile may lack some outputs.
template <class Arch, bool Whole, int Pixels, class T>
struct conv2d_sums {
  static constexpr int outputs = conv2d_output_tile<Arch, T>;
  static constexpr int n = registers<Arch, T>, w = width<Arch, T>;
  batch<Arch, T> at[outputs][Pixels * n];

  [[gnu::always_inline]] void start(const conv2d_row<T>& row, const T* y) {
    unroll<outputs>([&](int o) __attribute__((always_inline)) {
      unroll<Pixels * n>([&](int c) __attribute__((always_inline)) {
        if (!Whole && o >= row.outputs)
          at[o][c] = filled<Arch, T>(T(0));
        else if (row.first)
          at[o][c] = filled<Arch, T>(row.bias == nullptr ? T(0) : row.bias[o]);
        else
          at[o][c] = load<Arch>(y + o * row.y_channel + c * w);
      });
    });
  }

  /// One row of a window of KW taps, without the first `Left` and the last `Right` of the columns
  /// that the pixels see. Each column is read once where registers hold all of them, else tap by
  /// tap.
  template <int KW, int SW, int Left, int Right>
  [[gnu::always_inline]] void add_row(const T* x, const T* weights) {
    constexpr int columns = (Pixels - 1) * SW + KW;
    if constexpr (holds(columns)) {
      add_taps<KW, 1, SW, Left, columns - Right>(x, weights);
    } else {
      static_assert(Left == 0 && Right == 0);
      unroll<KW>([&](int k) __attribute__((always_inline)) {
        add_taps<1, SW>(x + k * lanes, weights + k * outputs);
      });
    }
  }

  /// Whether registers hold so many columns beside the sums and a factor.
  static constexpr bool holds(int columns) {
    return columns * n + outputs * Pixels * n <= tile<Arch, T>::vector_registers - 2;
  }

  /// Taps of a row, of those columns from First to Last that are there. Columns are `Apart` pixels
  /// from each other, and the first ones of neighbouring pixels `Step` columns.
  template <int Taps, int Apart, int Step = 1, int First = 0, int Last = (Pixels - 1) * Step + Taps>
  [[gnu::always_inline]] void add_taps(const T* x, const T* weights) {
    batch<Arch, T> input[Last * n];
    unroll<(Last - First) * n>([&](int i) __attribute__((always_inline)) {
      const int c = First * n + i;
      input[c] = held(load<Arch>(x + c / n * Apart * lanes + c % n * w));
    });
    unroll<Taps * outputs>([&](int i) __attribute__((always_inline)) {
      const int o = i % outputs, tap = i / outputs;
      const auto factor = held(broadcast<Arch>(weights + i));
      unroll<Pixels * n>([&](int c) __attribute__((always_inline)) {
        const int column = c / n * Step + tap;
        if (First <= column && column < Last)
          at[o][c] = kernels::fma(factor, input[column * n + c % n], at[o][c]);
      });
      still_needed(factor);
    });
    unroll<(Last - First) * n>([&](int i) __attribute__((always_inline)) {
      still_needed(input[First * n + i]);
    });
  }

  template <class Activation>
  [[gnu::always_inline]] void finish(const conv2d_row<T>& row, T* y, Activation activation) {
    unroll<outputs>([&](int o) __attribute__((always_inline)) {
      if (!Whole && o >= row.outputs) return;
      unroll<Pixels * n>([&](int c) __attribute__((always_inline)) {
        put<Arch>(y + o * row.y_channel + c * w, row.last ? activation(at[o][c]) : at[o][c]);
      });
    });
  }
};

/// `count` times `Pixels` neighbouring pixels that see all columns of the window but the first
/// `Left` and the last `Right`.
template <class Arch, bool Whole, int Pixels, int KW, int SW, int Left = 0, int Right = 0, class T,
          class Activation>
[[gnu::noinline]] void conv2d_middle(const conv2d_row<T>& of, int count, const T* x, T* y,
                                     Activation activation) {
  const conv2d_row<T> row = of;  // what is read of it stays in registers
  for (; count > 0; --count, x += Pixels * SW * lanes, y += Pixels * lanes) {
    conv2d_sums<Arch, Whole, Pixels, T> sums;
    sums.start(row, y);
    for (int c = 0; c < row.channels; ++c) {
      const T* from = x + c * row.x_channel;
      const T* weights = row.weights + c * row.weights_channel;
      for (int r = 0; r < row.rows; ++r, from += row.x_row, weights += row.weights_row) {
        sums.template add_row<KW, SW, Left, Right>(from, weights);
        forget_reads<Arch>();
      }
    }
    sums.finish(row, y, activation);
  }
}

/// One pixel that sees `columns` columns of the window, `step` elements apart in the weights.
template <class Arch, bool Whole, class T, class Activation>
[[gnu::noinline]] void conv2d_edge(const conv2d_row<T>& row, const T* x,
                                   std::ptrdiff_t weights_first, int columns, std::ptrdiff_t step,
                                   T* y, Activation activation) {
  conv2d_sums<Arch, Whole, 1, T> sums;
  sums.start(row, y);
  for (int c = 0; c < row.channels; ++c)
    for (int r = 0; r < row.rows; ++r) {
      const T* from = x + c * row.x_channel + r * row.x_row;
      const T* weights =
          row.weights + weights_first + c * row.weights_channel + r * row.weights_row;
      for (int k = 0; k < columns; ++k, from += lanes, weights += step)
        sums.template add_taps<1, 1>(from, weights);
    }
  sums.finish(row, y, activation);
}

/// The taps first, first + step, ... < last of a window whose first tap lies at `origin` that fall
/// into 0 <= index < extent.
[[gnu::always_inline]] constexpr range taps_inside(int origin, int size, int extent) {
  const int first = std::clamp(-origin, 0, size);
  return {first, std::clamp(extent - origin, first, size)};
}

/// One row of outputs of one tile, whose first and last pixel lack a column: they go with their
/// neighbours, for alone they have too few sums to hide the latency of an addition.
template <class Arch, int KW, class T, class Activation>
[[gnu::always_inline]] inline void conv2d_tile_row_with_edges(const conv2d_row<T>& row, int width,
                                                              Activation activation) {
  constexpr int pixels = tile<Arch, T>::conv2d_pixels, outputs = conv2d_output_tile<Arch, T>;
  const T* x = row.x - lanes;
  T* y = row.y;
  int left = width;
  const auto done = [&](int count) { x += count * lanes, y += count * lanes, left -= count; };
  conv2d_middle<Arch, true, pixels, KW, 1, 1>(row, 1, x, y, activation);
  done(pixels);
  const int groups = (left - 1) / pixels;
  conv2d_middle<Arch, true, pixels, KW, 1>(row, groups, x, y, activation);
  done(groups * pixels);
  if (left % 2 != 0) {
    conv2d_edge<Arch, true>(row, x, 0, left == 1 ? KW - 1 : KW, outputs, y, activation);
    done(1);
  }
  if (left == pixels)
    conv2d_middle<Arch, true, pixels, KW, 1, 0, 1>(row, 1, x, y, activation);
  else if (left > 0)
    conv2d_middle<Arch, true, 2, KW, 1, 0, 1>(row, 1, x, y, activation);
}

/// One row of outputs of one tile: edges one pixel at a time, the middle `Pixels` at a time.
template <class Arch, bool Whole, int KW, int SW, class T, class Activation>
[[gnu::noinline]] void conv2d_tile_row(const conv2d_row<T>& row, conv2d_extents e,
                                       Activation activation) {
  constexpr int outputs = conv2d_output_tile<Arch, T>, pixels = tile<Arch, T>::conv2d_pixels;
  const int left = std::clamp(ceil_divide(e.pad_left, SW), 0, e.out_width);
  const int right = std::clamp((e.in_width - KW + e.pad_left + SW) / SW, left, e.out_width);
  using sums_of = conv2d_sums<Arch, Whole, pixels, T>;
  if constexpr (Whole && pixels == 4 && KW > 1 && SW == 1 && sums_of::holds(pixels - 1 + KW))
    if (left == 1 && right == e.out_width - 1 && e.out_width > pixels)
      return conv2d_tile_row_with_edges<Arch, KW>(row, e.out_width, activation);
  const int groups = (right - left) / pixels;
  for (int column = 0; column < e.out_width;) {
    T* const y = row.y + column * lanes;
    const int origin = column * SW - e.pad_left;
    if (column == left && groups > 0) {
      conv2d_middle<Arch, Whole, pixels, KW, SW>(row, groups, row.x + origin * lanes, y,
                                                 activation);
      column += groups * pixels;
    } else {
      const range taps = taps_inside(origin, KW, e.in_width);
      conv2d_edge<Arch, Whole>(row, row.x + (origin + taps.first) * lanes, taps.first * outputs,
                               taps.last - taps.first, outputs, y, activation);
      ++column;
    }
  }
}

/// Input channels whose part of the window fills half of the first cache, in equal pieces.
template <class T, int Taps>
[[gnu::always_inline]] constexpr int conv2d_channels_at_once(int channels) {
  constexpr int most = std::max(1, 16384 / (Taps * lanes * static_cast<int>(sizeof(T))));
  return std::max(1, ceil_divide(channels, std::max(1, ceil_divide(channels, most))));
}

/// Row r of the outputs first, first + 1, ... of one tile to y, whose channels lie y_channel apart;
/// one piece of the input channels after the other.
template <class Arch, int KH, int KW, int SH, int SW, class T, class Activation>
[[gnu::noinline]] void conv2d_row_of_tile(const conv2d_product<T>& p, const T* x, T* y,
                                          std::ptrdiff_t y_channel, int r, int first, int last,
                                          Activation activation) {
  constexpr int o = conv2d_output_tile<Arch, T>;
  const conv2d_extents& e = p.e;
  const int step = conv2d_channels_at_once<T, KH * KW>(e.in_channels);
  const std::ptrdiff_t x_row = e.in_width * lanes, x_channel = x_row * e.in_height;
  const int origin = r * SH - e.pad_top;
  const range taps = taps_inside(origin, KH, e.in_height);
  conv2d_row<T> row{};
  row.y = y;
  row.bias = p.bias == nullptr ? nullptr : p.bias + first;
  row.rows = taps.last - taps.first;
  row.outputs = std::min(o, last - first);
  row.x_channel = x_channel, row.x_row = x_row, row.y_channel = y_channel;
  row.weights_channel = KH * KW * o, row.weights_row = KW * o;
  for (int c = 0; c < e.in_channels; c += step) {
    row.x = x + c * x_channel + (origin + taps.first) * x_row;
    row.weights = p.weights +
                  (static_cast<std::ptrdiff_t>(first) * e.in_channels + c * o) * KH * KW +
                  taps.first * KW * o;
    row.channels = std::min(step, e.in_channels - c);
    row.first = c == 0, row.last = c + step >= e.in_channels;
    if (row.outputs == o)
      conv2d_tile_row<Arch, true, KW, SW>(row, e, activation);
    else
      conv2d_tile_row<Arch, false, KW, SW>(row, e, activation);
  }
}

/// Whether the rows of one tile follow each other: a small input stays in the cache as a whole, and
/// y is written in few streams. Otherwise each row goes through all tiles, so that the rows of x
/// that it sees stay in the second cache.
template <class T>
[[gnu::always_inline]] constexpr bool conv2d_goes_by_tile(const conv2d_extents& e) {
  constexpr int small = (128 << 10) / (lanes * static_cast<int>(sizeof(T)));
  return e.in_channels * e.in_height * e.in_width <= small;
}

/// All rows of all tiles of one block.
template <class Arch, int KH, int KW, int SH, int SW, class T, class Activation>
void conv2d_block(const conv2d_product<T>& p, const T* x, T* y, range outputs,
                  Activation activation) {
  constexpr int o = conv2d_output_tile<Arch, T>;
  const conv2d_extents& e = p.e;
  const bool by_tile = conv2d_goes_by_tile<T>(e);
  const int tiles = (outputs.last - outputs.first + o - 1) / o;
  const std::ptrdiff_t y_row = e.out_width * lanes, y_channel = y_row * e.out_height;
  for (int i = 0; i < tiles * e.out_height; ++i) {
    const int r = by_tile ? i % e.out_height : i / tiles;
    const int first = outputs.first + (by_tile ? i / e.out_height : i % tiles) * o;
    conv2d_row_of_tile<Arch, KH, KW, SH, SW>(p, x, y + first * y_channel + r * y_row, y_channel, r,
                                             first, outputs.last, activation);
  }
}

}  // namespace detail

/// y = activation(convolution of x + bias), for the given outputs (channels) of the given blocks.
/// Every sum runs over input channel, window row and window column in order, so a result does not
/// depend on how the ranges were split.
template <class Arch = native, int KH, int KW, int SH, int SW, class T, class Activation>
void conv2d_forward(window<KH, KW, SH, SW>, conv2d_extents e,
                    const T* packed,             // by conv2d_pack_forward
                    const T* bias,               // (out)
                    reading<T> x, blocked<T> y,  // (block, channel, y, x, lane)
                    range blocks, range outputs, Activation activation) {
  const detail::conv2d_product<T> p{packed, bias, e};
  for (int b = blocks.first; b < blocks.last; ++b)
    detail::conv2d_block<Arch, KH, KW, SH, SW>(p, x.block(b), y.block(b), outputs, activation);
}

}  // namespace lamina::kernels
