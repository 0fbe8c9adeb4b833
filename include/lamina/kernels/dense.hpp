// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

namespace detail {

/// A product of a weight matrix with a batch, y[o] += sum over k of weight(o, k) * x[k], and where
/// its operands lie: the weight of output o and term k is weights[o * by_output + k * by_term].
template <class T>
struct dense_product {
  const T* weights;
  std::ptrdiff_t by_output, by_term;
  const T* bias;  // null: zeros
  blocked<const T> x;
  blocked<T> y;
  int terms;
};

/// Terms that are summed before the next outputs: their x stays in the first cache.
template <class T>
inline constexpr int dense_terms = 8192 / (lanes * static_cast<int>(sizeof(T)));

/// Outputs x blocks x registers of accumulators, held while the terms first <= k < last pass. The
/// smaller of the two operands is held in registers as well, the other is read as it is needed.
template <class Arch, int Outputs, int Blocks, class T, class Activation>
void dense_tile(const dense_product<T>& p, int output, int block, range terms,
                Activation activation) {
  constexpr int n = registers<Arch, T>, w = width<Arch, T>, columns = Blocks * n;
  batch<Arch, T> sums[Outputs][columns];
  const T* x[Blocks];
  T* y[Blocks];
  unroll<Blocks>([&](auto b) __attribute__((always_inline)) {
    x[b] = p.x.block(block + b);
    y[b] = p.y.block(block + b) + static_cast<std::ptrdiff_t>(output) * lanes;
  });
  unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
    unroll<columns>([&](auto c) __attribute__((always_inline)) {
      if (terms.first > 0)
        sums[o][c] = load<Arch>(y[c / n] + o * lanes + c % n * w);
      else
        sums[o][c] = batch<Arch, T>(p.bias == nullptr ? T(0) : p.bias[output + o]);
    });
  });
  const T* weights = p.weights + output * p.by_output + terms.first * p.by_term;
  for (int k = terms.first; k < terms.last; ++k, weights += p.by_term) {
    if constexpr (Outputs < columns) {
      batch<Arch, T> held[Outputs];
      unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
        held[o] = broadcast<Arch>(weights + o * p.by_output);
      });
      unroll<columns>([&](auto c) __attribute__((always_inline)) {
        const auto v = load<Arch>(x[c / n] + k * lanes + c % n * w);
        unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
          sums[o][c] = kernels::fma(held[o], v, sums[o][c]);
        });
      });
    } else {
      batch<Arch, T> held[columns];
      unroll<columns>([&](auto c) __attribute__((always_inline)) {
        held[c] = load<Arch>(x[c / n] + k * lanes + c % n * w);
      });
      unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
        const auto v = broadcast<Arch>(weights + o * p.by_output);
        unroll<columns>([&](auto c) __attribute__((always_inline)) {
          sums[o][c] = kernels::fma(v, held[c], sums[o][c]);
        });
      });
    }
  }
  unroll<Outputs>([&](auto o) __attribute__((always_inline)) {
    unroll<columns>([&](auto c) __attribute__((always_inline)) {
      T* to = y[c / n] + o * lanes + c % n * w;
      put<Arch>(to, terms.last == p.terms ? activation(sums[o][c]) : sums[o][c]);
    });
  });
}

/// Whole tiles of `Outputs`, then halves of it for what is left.
template <class Arch, int Outputs, int Blocks, class T, class Activation>
void dense_outputs(const dense_product<T>& p, range outputs, int block, range terms,
                   Activation activation) {
  int o = outputs.first;
  for (; o + Outputs <= outputs.last; o += Outputs)
    dense_tile<Arch, Outputs, Blocks>(p, o, block, terms, activation);
  if constexpr (Outputs > 1) {
    if (o < outputs.last)
      dense_outputs<Arch, Outputs / 2, Blocks>(p, {o, outputs.last}, block, terms, activation);
  }
}

/// The given outputs of a few blocks, one piece of the terms after the other. A tile's weights stay
/// in the first cache from one block to the next.
template <class Arch, int Blocks, class T, class Activation>
void dense_blocks(const dense_product<T>& p, range blocks, range outputs, Activation activation) {
  constexpr int o = tile<Arch, T>::template dense_outputs<Blocks>;
  for (int k = 0; k < p.terms; k += dense_terms<T>)
    for (int first = outputs.first; first < outputs.last; first += o)
      for (int b = blocks.first; b < blocks.last; b += Blocks)
        dense_outputs<Arch, o, Blocks>(p, {first, std::min(first + o, outputs.last)}, b,
                                       {k, std::min(p.terms, k + dense_terms<T>)}, activation);
}

/// Two blocks at a time share what is read of the weights, whether or not they share a tile.
template <class Arch, class T, class Activation>
[[gnu::always_inline]] inline void dense_all(const dense_product<T>& p, range blocks, range outputs,
                                             Activation activation) {
  constexpr int together = tile<Arch, T>::dense_blocks;
  int b = blocks.first;
  for (; b + 2 <= blocks.last; b += 2)
    dense_blocks<Arch, together>(p, {b, b + 2}, outputs, activation);
  if (b < blocks.last) dense_blocks<Arch, 1>(p, {b, b + 1}, outputs, activation);
}

}  // namespace detail

/// y = activation(weights x + bias) for the given outputs of the given blocks. The sum runs over
/// the inputs in order, so a result does not depend on how the ranges were split.
template <class Arch = native, class T, class Activation>
void dense_forward(dense_extents e,
                   const T* weights,            // (out, in)
                   const T* bias,               // (out)
                   reading<T> x, blocked<T> y,  // (block, in, lane), (block, out, lane)
                   range blocks, range outputs, Activation activation) {
  const detail::dense_product<T> p{weights, e.in, 1, bias, x, y, e.in};
  detail::dense_all<Arch>(p, blocks, outputs, activation);
}

/// dx = transposed weights dy for the given inputs of the given blocks.
template <class Arch = native, class T>
void dense_backward_input(dense_extents e,
                          const T* weights,              // (out, in)
                          reading<T> dy, blocked<T> dx,  // (block, out, lane), (block, in, lane)
                          range blocks, range inputs) {
  const detail::dense_product<T> p{weights, 1, e.in, nullptr, dy, dx, e.out};
  detail::dense_all<Arch>(p, blocks, inputs, identity{});
}

}  // namespace lamina::kernels
