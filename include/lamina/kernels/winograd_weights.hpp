// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_weights.hpp"
#include "lamina/kernels/winograd.hpp"
#include "lamina/kernels/winograd_transpose.hpp"

namespace lamina::kernels {

// The gradient of the transformed weights at a position is a product of matrices: its sums run over
// the tiles and the images. So channels go into the lanes: inputs and gradients are transposed once
// their rows are added up, and a tile of outputs and channels stays in registers over all of a row
// of tiles.

/// Input channels that lie in the lanes: whole strips of 16.
[[gnu::always_inline]] constexpr int winograd_channels(const conv2d_extents& e) {
  return (e.in_channels + lanes - 1) / lanes * lanes;
}

/// Elements of the gradient of the transformed weights, (position, out, winograd_channels).
constexpr std::size_t winograd_gradient_size(const conv2d_extents& e) {
  return std::size_t{winograd_positions} * static_cast<std::size_t>(e.out_channels) *
         static_cast<std::size_t>(winograd_channels(e));
}

namespace detail {

/// Outputs in a row of the transposed gradients: whole tiles and whole groups of four.
template <class Arch, class T>
[[gnu::always_inline]] constexpr int winograd_gradient_width(const conv2d_extents& e) {
  return (winograd_padded_outputs<Arch, T>(e) + 3) / 4 * 4;
}

/// Tiles of a row whose products are added up together: up to eight, in a quarter of a megabyte.
template <class Arch, class T>
[[gnu::always_inline]] constexpr int winograd_tiles_together(const conv2d_extents& e) {
  const int tile = 3 * lanes * static_cast<int>(sizeof(T)) *
                   (winograd_channels(e) + winograd_gradient_width<Arch, T>(e));
  const int most = std::clamp((1 << 18) / tile, 1, 8);
  return even_share(winograd_columns(e), most);
}

/// The memory of a piece of the gradient, (column, lane, channel) each.
template <class T>
struct winograd_workspace {
  T *x, *dy;  // rows added up and transposed: two columns a tile, and two more of x
  T *v, *m;   // transformed, at one position
};

/// to (tile, …) = one + sign * other of the columns of each tile.
template <class Arch, class T>
[[gnu::noinline]] void winograd_add_columns(const T* one, const T* other, T sign, int tiles,
                                            std::ptrdiff_t size, T* to) {
  const batch<Arch, T> factor(sign);
  for (int tile = 0; tile < tiles; ++tile, one += 2 * size, other += 2 * size, to += size)
    for_each_register<Arch, T>(
        size, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
          put<Arch>(to + i, kernels::fma(factor, load<Arch>(other + i), load<Arch>(one + i)));
        });
}

/// sums (output, channel) += the products of a tile of outputs and `Strips` strips of channels,
/// over tiles of 16 images, which are added up by themselves first: that is more exact.
template <class Arch, int Strips, class T>
[[gnu::noinline]] void winograd_add_strips(const conv2d_row<T> row, const T* v, T* sums) {
  constexpr int o = conv2d_output_tile<Arch, T>, n = registers<Arch, T>, w = width<Arch, T>;
  conv2d_sums<Arch, true, Strips, T> products;
  products.start(row, sums);
  for (int tile = 0; tile < row.channels; ++tile) {
    const T* from = v + tile * row.x_channel;
    const T* factors = row.weights + tile * row.weights_channel;
    for (int k = 0; k < lanes; ++k, from += row.x_row, factors += row.weights_row) {
      products.template add_taps<1, 1>(from, factors);
      forget_reads<Arch>();
    }
  }
  unroll<o>([&](int i) __attribute__((always_inline)) {
    if (i >= row.outputs) return;
    unroll<Strips * n>([&](int c) __attribute__((always_inline)) {
      T* const at = sums + i * row.y_channel + c * w;
      put<Arch>(at, load<Arch>(at) + products.at[i][c]);
    });
  });
}

/// The same for so many strips, at most `Most`.
template <class Arch, int Most, class T>
[[gnu::always_inline]] inline void winograd_add_products(const conv2d_row<T>& row, int strips,
                                                         const T* v, T* sums) {
  if (strips == Most)
    winograd_add_strips<Arch, Most>(row, v, sums);
  else if constexpr (Most > 1)
    winograd_add_products<Arch, Most - 1>(row, strips, v, sums);
}

/// One row of positions, from some tiles of a row of one block.
template <class T>
struct winograd_gradient {
  conv2d_extents e;
  range strips;  // of input channels
  const T *x, *dy;
  winograd_workspace<T> work;
  T* du;

  [[gnu::always_inline]] int channels() const { return (strips.last - strips.first) * lanes; }
  [[gnu::always_inline]] int live_channels() const {
    return std::min(strips.last * lanes, e.in_channels) - strips.first * lanes;
  }
};

/// Rows added up and transposed: work.x and work.dy.
template <class Arch, class T>
void winograd_gather_rows(const winograd_gradient<T>& g, int i, int row, range tiles) {
  const conv2d_extents& e = g.e;
  const std::ptrdiff_t x_row = std::ptrdiff_t{e.in_width} * lanes;
  const std::ptrdiff_t dy_row = std::ptrdiff_t{e.out_width} * lanes;
  const auto row_of = [](const T* from, int height, int at, std::ptrdiff_t size) {
    return at >= 0 && at < height ? from + at * size : nullptr;
  };
  const int count = tiles.last - tiles.first, top = 2 * row - e.pad_top;
  const winograd_pair pair = winograd_pairs[i];
  const T* const x = g.x + g.strips.first * lanes * x_row * e.in_height;
  using rows = winograd_rows_of<T>;
  winograd_transpose_rows<Arch>(
      rows::sum(row_of(x, e.in_height, top + pair.first, x_row),
                row_of(x, e.in_height, top + pair.second, x_row), T(pair.plus ? 1 : -1), e.in_width,
                x_row * e.in_height, g.live_channels()),
      2 * tiles.first - e.pad_left, 2 * count + 2, g.channels(), g.work.x);
  const int first = 2 * row + (i == 3 ? 1 : 0);
  const bool two = i == 1 || i == 2;
  winograd_transpose_rows<Arch>(
      rows::sum(row_of(g.dy, e.out_height, first, dy_row),
                two ? row_of(g.dy, e.out_height, first + 1, dy_row) : nullptr, T(i == 2 ? -1 : 1),
                e.out_width, dy_row * e.out_height, e.out_channels),
      2 * tiles.first, 2 * count, winograd_gradient_width<Arch, T>(e), g.work.dy);
}

/// Adds the products at the four positions of a row to du.
template <class Arch, class T>
void winograd_add_row(const winograd_gradient<T>& g, int i, int tiles) {
  constexpr int o = conv2d_output_tile<Arch, T>;
  const conv2d_extents& e = g.e;
  const int channels = g.channels(), width = winograd_gradient_width<Arch, T>(e);
  const std::ptrdiff_t x_column = std::ptrdiff_t{lanes} * channels;
  const std::ptrdiff_t dy_column = std::ptrdiff_t{lanes} * width;
  conv2d_row<T> row{};
  row.channels = tiles;
  row.x_channel = x_column;
  row.x_row = channels, row.weights_row = width, row.y_channel = winograd_channels(e);
  row.first = row.last = true;
  for (int k = 0; k < 4; ++k) {
    const winograd_pair pair = winograd_pairs[k];
    const T* const x = g.work.x;
    winograd_add_columns<Arch>(x + pair.first * x_column, x + pair.second * x_column,
                               T(pair.plus ? 1 : -1), tiles, x_column, g.work.v);
    const T* m = g.work.dy + (k == 3 ? dy_column : 0);
    row.weights_channel = 2 * dy_column;
    if (k == 1 || k == 2) {
      winograd_add_columns<Arch>(m, m + dy_column, T(k == 2 ? -1 : 1), tiles, dy_column, g.work.m);
      m = g.work.m;
      row.weights_channel = dy_column;
    }
    T* const du = g.du + std::ptrdiff_t{(4 * i + k) * e.out_channels} * winograd_channels(e) +
                  g.strips.first * lanes;
    constexpr int most = tile<Arch, T>::conv2d_pixels;
    const int strips = channels / lanes, groups = ceil_divide(strips, most);
    for (int group = 0; group < groups; ++group) {  // of about equal size
      const int strip = strips * group / groups, next = strips * (group + 1) / groups;
      for (int first = 0; first < e.out_channels; first += o) {
        row.weights = m + first;
        row.outputs = std::min(o, e.out_channels - first);
        winograd_add_products<Arch, most>(row, next - strip,
                                          static_cast<const T*>(g.work.v) + strip * lanes,
                                          du + first * row.y_channel + strip * lanes);
      }
    }
  }
}

/// The gradients of a register of windows, of which `live` are there, from those of their
/// transformed weights, whose positions lie `position` apart.
template <class Arch, class T>
[[gnu::always_inline]] inline void winograd_finish_windows(const T* du, std::ptrdiff_t position,
                                                           int live, T* dw) {
  constexpr int w = width<Arch, T>;
  using vector = batch<Arch, T>;
  const auto transform = [](const vector& a, const vector& b, const vector& c, const vector& d,
                            vector* to, int step) __attribute__((always_inline)) {
    const vector half(T(0.5));
    to[0] = a + (b + c) * half;
    to[step] = (b - c) * half;
    to[2 * step] = (b + c) * half - d;
  };
  vector columns[3][4], window[9];
  unroll<4>([&](int k) __attribute__((always_inline)) {
    const T* const u = du + k * position;
    transform(load<Arch>(u), load<Arch>(u + 4 * position), load<Arch>(u + 8 * position),
              load<Arch>(u + 12 * position), &columns[0][k], 4);
  });
  unroll<3>([&](int row) __attribute__((always_inline)) {
    const vector* const from = columns[row];
    transform(from[0], from[1], from[2], from[3], window + 3 * row, 1);
  });
  alignas(64) T taps[9][w];
  unroll<9>([&](int tap) __attribute__((always_inline)) { put<Arch>(taps[tap], window[tap]); });
  for (int i = 0; i < live; ++i, dw += 9)
    for (int tap = 0; tap < 9; ++tap) dw[tap] = taps[tap][i];
}

}  // namespace detail

/// Elements of the scratch memory of winograd_backward_positions, aligned to 64 bytes.
template <class Arch, class T>
constexpr std::size_t winograd_weights_scratch(const conv2d_extents& e) {
  const int tiles = detail::winograd_tiles_together<Arch, T>(e);
  return static_cast<std::size_t>(lanes *
                                  ((3 * tiles + 2) * winograd_channels(e) +
                                   3 * tiles * detail::winograd_gradient_width<Arch, T>(e)));
}

/// du: the gradient of the transformed weights over all blocks, at the given rows of four positions
/// and strips of 16 input channels; overwritten. The signs of the last row and column of positions
/// are those that winograd_finish_weights expects.
template <class Arch = native, class T>
void winograd_backward_positions(const conv2d_extents& e, reading<T> dy,
                                 reading<T> x,  // (block, channel, y, x, lane)
                                 int blocks, range rows, range strips, T* scratch, T* du) {
  const int together = detail::winograd_tiles_together<Arch, T>(e);
  const int channels = (strips.last - strips.first) * lanes;
  const int width = detail::winograd_gradient_width<Arch, T>(e);
  detail::winograd_workspace<T> work;
  work.x = scratch;
  work.v = work.x + std::ptrdiff_t{2 * together + 2} * lanes * channels;
  work.dy = work.v + std::ptrdiff_t{together} * lanes * channels;
  work.m = work.dy + std::ptrdiff_t{2 * together} * lanes * width;
  for (int i = rows.first; i < rows.last; ++i) {
    for (int o = 0; o < 4 * e.out_channels; ++o)
      clear<Arch>(du + std::ptrdiff_t{4 * i * e.out_channels + o} * winograd_channels(e) +
                      strips.first * lanes,
                  channels);
    for (int b = 0; b < blocks; ++b) {
      const detail::winograd_gradient<T> g{e, strips, x.block(b), dy.block(b), work, du};
      for (int row = 0; row < winograd_rows(e); ++row)
        for (int first = 0; first < winograd_columns(e); first += together) {
          const range tiles{first, std::min(first + together, winograd_columns(e))};
          detail::winograd_gather_rows<Arch>(g, i, row, tiles);
          detail::winograd_add_row<Arch>(g, i, tiles.last - tiles.first);
        }
    }
  }
}

/// dw = the gradient of the weights and db = the sum of dy, for the given outputs; both are
/// overwritten.
template <class Arch = native, class T>
void winograd_finish_weights(const conv2d_extents& e, const T* du, reading<T> dy, int blocks, T* dw,
                             T* db,  // (out, in, 3, 3), (out)
                             range outputs) {
  const std::ptrdiff_t channels = winograd_channels(e), position = e.out_channels * channels;
  for (int o = outputs.first; o < outputs.last; ++o) {
    for (int i = 0; i < e.in_channels; i += width<Arch, T>)
      detail::winograd_finish_windows<Arch>(du + o * channels + i, position,
                                            std::min(width<Arch, T>, e.in_channels - i),
                                            dw + (std::ptrdiff_t{o} * e.in_channels + i) * 9);
    detail::conv2d_bias_gradient<Arch>(detail::conv2d_gradient<T>{e, dy, {}, blocks, dw, db}, o);
  }
}

}  // namespace lamina::kernels
