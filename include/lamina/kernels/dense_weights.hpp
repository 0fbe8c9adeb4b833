// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

namespace detail {

/// The operands of dw[o][i] = sum over blocks and lanes of dy[o][lane] * xt[lane][i].
template <class T>
struct dense_gradient {
  blocked<const T> dy;  // (block, out, lane)
  blocked<const T> xt;  // (block, lane, in)
  int blocks, in;
  std::ptrdiff_t xt_row;  // from lane to lane
  T* dw;                  // (out, in)
};

/// Outputs x vectors of inputs in accumulators while all lanes of all blocks pass.
template <class Arch, int Outputs, int Vectors, class T>
void dense_weights_tile(const dense_gradient<T>& g, int output, int input) {
  constexpr int w = width<Arch, T>;
  batch<Arch, T> sums[Outputs][Vectors];
  unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
    unroll<Vectors>([&](auto v)
                        __attribute__((always_inline)) { sums[o][v] = batch<Arch, T>(T(0)); });
  });
  for (int b = 0; b < g.blocks; ++b) {
    const T* dy = g.dy.block(b) + static_cast<std::ptrdiff_t>(output) * lanes;
    const T* xt = g.xt.block(b) + input;
    for (int l = 0; l < lanes; ++l, ++dy, xt += g.xt_row) {
      batch<Arch, T> x[Vectors];
      unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
        x[v] = load_unaligned<Arch>(xt + v * w);
      });
      unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
        const auto factor = broadcast<Arch>(dy + o * lanes);
        unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
          sums[o][v] = kernels::fma(factor, x[v], sums[o][v]);
        });
      });
    }
  }
  unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
    T* to = g.dw + static_cast<std::ptrdiff_t>(output + o) * g.in + input;
    unroll<Vectors>([&](auto v) __attribute__((always_inline)) {
      put_unaligned<Arch>(to + v * w, sums[o][v]);
    });
  });
}

/// One weight where a row is shorter than a register.
template <class Arch, class T>
void dense_weight(const dense_gradient<T>& g, int output, int input) {
  T sum(0);
  for (int b = 0; b < g.blocks; ++b)
    for (int l = 0; l < lanes; ++l)
      sum += g.dy.block(b)[output * lanes + l] * g.xt.block(b)[l * g.xt_row + input];
  g.dw[output * g.in + input] = sum;
}

/// `Vectors` registers of inputs from `input` on, all outputs of the range.
template <class Arch, int Outputs, int Vectors, class T>
void dense_weights_column(const dense_gradient<T>& g, range outputs, int input) {
  for_each_tile<Outputs>(outputs, [&](auto tile, int o) {
    dense_weights_tile<Arch, decltype(tile)::value, Vectors>(g, o, input);
  });
}

/// A row's last register overlaps the one before it: both compute the same sums.
template <class Arch, class T>
void dense_weights_rows(const dense_gradient<T>& g, range outputs) {
  constexpr int w = width<Arch, T>, tile_outputs = tile<Arch, T>::accumulators / 2;
  int i = 0;
  for (; i + 2 * w <= g.in; i += 2 * w) dense_weights_column<Arch, tile_outputs, 2>(g, outputs, i);
  if (g.in >= w) {
    for (; i < g.in; i += w)
      dense_weights_column<Arch, tile_outputs, 1>(g, outputs, std::min(i, g.in - w));
    return;
  }
  for (int o = outputs.first; o < outputs.last; ++o)
    for (int k = 0; k < g.in; ++k) dense_weight<Arch>(g, o, k);
}

}  // namespace detail

/// dw = dy transposed x, summed over the batch, and db = the sum of dy, for the given outputs; both
/// are overwritten. Outputs go through in groups whose dy stays in the first cache.
template <class Arch = native, class T>
void dense_backward_weights(dense_extents e,
                            reading<T> dy,             // (block, out, lane)
                            reading<T> xt,             // (block, lane, in): transpose_block of x
                            int blocks, T* dw, T* db,  // (out, in), (out)
                            range outputs, std::ptrdiff_t xt_row) {
  constexpr int group = 4 * tile<Arch, T>::accumulators;
  const detail::dense_gradient<T> g{dy, xt, blocks, e.in, xt_row, dw};
  for (int o = outputs.first; o < outputs.last; o += group)
    detail::dense_weights_rows<Arch>(g, {o, std::min(outputs.last, o + group)});
  for (int o = outputs.first; o < outputs.last; ++o) {
    batch<Arch, T> total(T(0));
    for (int b = 0; b < blocks; ++b)
      for (int l = 0; l < lanes; l += width<Arch, T>)
        total += load<Arch>(dy.block(b) + static_cast<std::ptrdiff_t>(o) * lanes + l);
    db[o] = kernels::sum(total);
  }
}

/// The same where nothing lies between the rows of xt.
template <class Arch = native, class T>
void dense_backward_weights(dense_extents e, reading<T> dy, reading<T> xt, int blocks, T* dw, T* db,
                            range outputs) {
  dense_backward_weights<Arch>(e, dy, xt, blocks, dw, db, outputs, e.in);
}

}  // namespace lamina::kernels
