// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_forward.hpp"
#include "lamina/kernels/winograd_pack.hpp"

namespace lamina::kernels {

namespace detail {

/// A convolution over transformed weights.
template <class T>
struct winograd_product {
  const T* packed;
  const T* bias;  // (out), null: zeros
  conv2d_extents e;
};

/// Tiles of a row that are transformed together: with their products they take up half a megabyte,
/// which leaves room in the second cache for the weights.
template <class Arch, class T>
constexpr int winograd_at_once(const conv2d_extents& e) {
  const int tile = winograd_positions * lanes * static_cast<int>(sizeof(T)) *
                   (e.in_channels + winograd_padded_outputs<Arch, T>(e));
  const int most = std::max(1, (1 << 19) / tile);
  return even_share(winograd_columns(e), most);
}

/// The sums or differences of two rows of one channel, and theirs from column to column, at the
/// positions of one row of the tiles.
template <class Arch, bool Plus, class T>
[[gnu::always_inline]] inline void winograd_input_row(const T* above, const T* below, int first,
                                                      int width, int tiles, T* v,
                                                      std::ptrdiff_t position) {
  constexpr int w = kernels::width<Arch, T>;
  unroll<registers<Arch, T>>([&](int r) __attribute__((always_inline)) {
    const auto at = [&](int column) __attribute__((always_inline)) {
      if (column < 0 || column >= width) return filled<Arch, T>(T(0));
      const auto one = load<Arch>(above + column * lanes + r * w);
      const auto other = load<Arch>(below + column * lanes + r * w);
      return Plus ? one + other : one - other;
    };
    auto a = at(first), b = at(first + 1);
    T* to = v + r * w;
    for (int tile = 0; tile < tiles; ++tile, to += lanes) {
      const auto c = at(first + 2 * tile + 2), d = at(first + 2 * tile + 3);
      put<Arch>(to, a - c);
      put<Arch>(to + position, b + c);
      put<Arch>(to + 2 * position, c - b);
      put<Arch>(to + 3 * position, b - d);
      a = c;
      b = d;
    }
  });
}

/// v (position, channel, tile, lane) from the rows of x that a row of tiles sees.
template <class Arch, class T>
[[gnu::noinline]] void winograd_input(const conv2d_extents& e, const T* x, int row, range tiles,
                                      const T* zeros, T* v) {
  const int count = tiles.last - tiles.first;
  const std::ptrdiff_t x_row = std::ptrdiff_t{e.in_width} * lanes, step = count * lanes;
  const std::ptrdiff_t position = step * e.in_channels;
  for (int c = 0; c < e.in_channels; ++c, x += x_row * e.in_height, v += step) {
    const T* rows[4];
    for (int k = 0; k < 4; ++k) {
      const int at = 2 * row - e.pad_top + k;
      rows[k] = at < 0 || at >= e.in_height ? zeros : x + at * x_row;
    }
    if (c + 1 < e.in_channels)
      for (const T* row_of : rows)
        for (int line = 0; line < (2 * count + 2) * lanes; line += lanes)
          __builtin_prefetch(row_of + x_row * e.in_height + (2 * tiles.first - e.pad_left) * lanes +
                             line);
    unroll<4>([&](auto i) __attribute__((always_inline)) {
      constexpr winograd_pair pair = winograd_pairs[i];
      winograd_input_row<Arch, pair.plus>(rows[pair.first], rows[pair.second],
                                          2 * tiles.first - e.pad_left, e.in_width, count,
                                          v + 4 * i * position, position);
    });
  }
}

/// `Most` tiles at a time, and what is left of them together.
template <class Arch, int Most, class T>
[[gnu::always_inline]] inline void winograd_tiles(const conv2d_row<T>& row, int tiles, const T* v,
                                                  T* m) {
  const int groups = tiles / Most;
  conv2d_middle<Arch, true, Most, 1, 1>(row, groups, v, m, identity{});
  const std::ptrdiff_t done = std::ptrdiff_t{groups} * Most * lanes;
  if constexpr (Most > 1) winograd_tiles<Arch, Most - 1>(row, tiles % Most, v + done, m + done);
}

/// m (position, output, tile, lane): at each position a convolution of 1 x 1, whose channels take
/// the place of the rows of a window.
template <class Arch, class T>
[[gnu::noinline]] void winograd_multiply(const conv2d_extents& e, const T* packed, int tiles,
                                         const T* v, T* m) {
  constexpr int o = conv2d_output_tile<Arch, T>;
  const std::ptrdiff_t step = std::ptrdiff_t{tiles} * lanes;
  conv2d_row<T> row{};
  row.channels = 1, row.rows = e.in_channels, row.outputs = o;
  row.x_row = step, row.weights_row = o, row.y_channel = step;
  row.first = row.last = true;
  const int outputs = winograd_padded_outputs<Arch, T>(e);
  for (int position = 0; position < winograd_positions; ++position, v += step * e.in_channels)
    for (int first = 0; first < outputs; first += o, m += o * step) {
      row.weights = packed;
      winograd_tiles<Arch, tile<Arch, T>::conv2d_pixels>(row, tiles, v, m);
      packed += std::ptrdiff_t{o} * e.in_channels;
    }
}

/// Where the outputs go: row 2 * (row of tiles) of output 0, and the distances.
template <class T>
struct winograd_target {
  T* y;
  std::ptrdiff_t channel, row;
};

/// The outputs of a row of tiles from their products.
template <class Arch, class T, class Activation>
[[gnu::noinline]] void winograd_output(const winograd_product<T>& p, const T* m, int row,
                                       range tiles, const winograd_target<T>& to,
                                       Activation activation) {
  using vector = batch<Arch, T>;
  constexpr int w = width<Arch, T>;
  const conv2d_extents& e = p.e;
  const std::ptrdiff_t step = std::ptrdiff_t{tiles.last - tiles.first} * lanes;
  const std::ptrdiff_t position = step * winograd_padded_outputs<Arch, T>(e);
  const bool two_rows = 2 * row + 1 < e.out_height;
  for (int o = 0; o < e.out_channels; ++o) {
    const vector bias(p.bias == nullptr ? T(0) : p.bias[o]);
    T* y = to.y + o * to.channel + 2 * tiles.first * lanes;
    for (int tile = tiles.first; tile < tiles.last; ++tile, y += 2 * lanes, m += lanes) {
      const bool two_columns = 2 * tile + 1 < e.out_width;
      unroll<registers<Arch, T>>([&](int r) __attribute__((always_inline)) {
        vector upper[4], lower[4];
        unroll<4>([&](int k) __attribute__((always_inline)) {
          const T* from = m + k * position + r * w;
          const vector a = load<Arch>(from), b = load<Arch>(from + 4 * position),
                       c = load<Arch>(from + 8 * position), d = load<Arch>(from + 12 * position);
          upper[k] = a + (b + c);
          lower[k] = (b - c) - d;
        });
        const auto finish = [&](const vector(&k)[4], T* at) __attribute__((always_inline)) {
          put<Arch>(at, activation(k[0] + (k[1] + k[2]) + bias));
          if (two_columns) put<Arch>(at + lanes, activation((k[1] - k[2]) - k[3] + bias));
        };
        finish(upper, y + r * w);
        if (two_rows) finish(lower, y + to.row + r * w);
      });
    }
  }
}

/// One row of tiles of all outputs of one block.
template <class Arch, class T, class Activation>
void winograd_row(const winograd_product<T>& p, const T* x, int row, const winograd_target<T>& to,
                  T* scratch, Activation activation) {
  const conv2d_extents& e = p.e;
  const int at_once = winograd_at_once<Arch, T>(e), columns = winograd_columns(e);
  const std::ptrdiff_t row_size = std::ptrdiff_t{e.in_width} * lanes;
  T* const v = scratch + row_size;
  clear<Arch>(scratch, row_size);
  for (int first = 0; first < columns; first += at_once) {
    const range tiles{first, std::min(first + at_once, columns)};
    const int count = tiles.last - tiles.first;
    T* const m = v + std::ptrdiff_t{winograd_positions} * count * lanes * e.in_channels;
    winograd_input<Arch>(e, x, row, tiles, static_cast<const T*>(scratch), v);
    winograd_multiply<Arch>(e, p.packed, count, static_cast<const T*>(v), m);
    winograd_output<Arch>(p, static_cast<const T*>(m), row, tiles, to, activation);
  }
}

}  // namespace detail

/// Elements of the scratch memory of winograd_forward, aligned to 64 bytes.
template <class Arch, class T>
constexpr std::size_t winograd_scratch(const conv2d_extents& e) {
  return static_cast<std::size_t>(
      lanes * (e.in_width + winograd_positions * detail::winograd_at_once<Arch, T>(e) *
                                (e.in_channels + detail::winograd_padded_outputs<Arch, T>(e))));
}

/// y = activation(convolution of x + bias), for the given rows of tiles of the given blocks, all
/// outputs. Every sum runs over the input channels in order.
template <class Arch = native, class T, class Activation>
void winograd_forward(const conv2d_extents& e,
                      const T* packed,             // by winograd_pack_forward
                      const T* bias,               // (out), null: zeros
                      reading<T> x, blocked<T> y,  // (block, channel, y, x, lane)
                      range blocks, range rows, T* scratch, Activation activation) {
  const detail::winograd_product<T> p{packed, bias, e};
  const std::ptrdiff_t y_row = std::ptrdiff_t{e.out_width} * lanes;
  for (int b = blocks.first; b < blocks.last; ++b)
    for (int row = rows.first; row < rows.last; ++row)
      detail::winograd_row<Arch>(p, x.block(b), row,
                                 {y.block(b) + 2 * row * y_row, y_row * e.out_height, y_row},
                                 scratch, activation);
}

/// dx = the gradient of the input, rows of tiles of dx; overwritten. The scratch memory is that of
/// winograd_forward for winograd_turned(e).
template <class Arch = native, class T>
void winograd_backward_input(const conv2d_extents& e,
                             const T* packed,               // by winograd_pack_backward_input
                             reading<T> dy, blocked<T> dx,  // (block, channel, y, x, lane)
                             range blocks, range rows, T* scratch) {
  const T* no_bias = nullptr;
  winograd_forward<Arch>(winograd_turned(e), packed, no_bias, dy, dx, blocks, rows, scratch,
                         identity{});
}

}  // namespace lamina::kernels
