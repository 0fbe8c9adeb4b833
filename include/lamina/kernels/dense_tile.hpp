// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels::detail {

/// The weights of a tile of outputs for the first of its terms, and where the others lie.
template <class T>
struct dense_weights_of_tile {
  const T* at;
  std::ptrdiff_t by_output, by_term;

  [[gnu::always_inline]] dense_weights_of_tile from(int output) const {
    return {at + output * by_output, by_output, by_term};
  }
};

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

  [[gnu::always_inline]] dense_weights_of_tile<T> weights_of(int output, int term) const {
    return {weights + output * by_output + term * by_term, by_output, by_term};
  }
};

/// Some terms, one at least, of weights whose terms lie side by side from the first one on.
struct listed_terms {
  const std::uint16_t* term;
  int count;
  bool go_on;  // from the sums that are stored
};

/// Whether the sums of earlier terms are to be gone on from.
[[gnu::always_inline]] inline bool goes_on(range terms) { return terms.first > 0; }
[[gnu::always_inline]] inline bool goes_on(const listed_terms& terms) { return terms.go_on; }

/// Outputs x blocks x registers of accumulators, held while the terms pass, a range or those of a
/// list. The smaller of the two operands is held in registers as well, the other is read as it is
/// needed. It knows no activation: one tile serves the products of all layers.
template <class Arch, int Outputs, int Blocks, class T, class Terms>
[[gnu::noinline]] void dense_tile(const dense_product<T>& p, dense_weights_of_tile<T> tile,
                                  int output, int block, Terms terms) {
  constexpr int n = registers<Arch, T>, w = width<Arch, T>, columns = Blocks * n;
  batch<Arch, T> sums[Outputs][columns];
  const T* x[Blocks];
  T* y[Blocks];
  unroll<Blocks>([&](int b) __attribute__((always_inline)) {
    x[b] = p.x.block(block + b);
    y[b] = p.y.block(block + b) + static_cast<std::ptrdiff_t>(output) * lanes;
  });
  unroll<Outputs>([&](int o) __attribute__((always_inline)) {
    unroll<columns>([&](int c) __attribute__((always_inline)) {
      if (goes_on(terms))
        sums[o][c] = load<Arch>(y[c / n] + o * lanes + c % n * w);
      else
        sums[o][c] = batch<Arch, T>(p.bias == nullptr ? T(0) : p.bias[output + o]);
    });
  });
  const auto add = [&](int k, auto weight_of) __attribute__((always_inline)) {
    if constexpr (Outputs < columns) {
      batch<Arch, T> held[Outputs];
      unroll<Outputs>([&](int o) __attribute__((always_inline)) {
        held[o] = broadcast<Arch>(weight_of(o));
      });
      unroll<columns>([&](int c) __attribute__((always_inline)) {
        const auto v = load<Arch>(x[c / n] + k * lanes + c % n * w);
        unroll<Outputs>([&](int o) __attribute__((always_inline)) {
          sums[o][c] = kernels::fma(held[o], v, sums[o][c]);
        });
      });
    } else {
      batch<Arch, T> held[columns];
      unroll<columns>([&](int c) __attribute__((always_inline)) {
        held[c] = load<Arch>(x[c / n] + k * lanes + c % n * w);
      });
      unroll<Outputs>([&](int o) __attribute__((always_inline)) {
        const auto v = broadcast<Arch>(weight_of(o));
        unroll<columns>([&](int c) __attribute__((always_inline)) {
          sums[o][c] = kernels::fma(v, held[c], sums[o][c]);
        });
      });
    }
  };
  if constexpr (std::is_same_v<Terms, range>) {
    const T* weights = tile.at;
    for (int k = terms.first; k < terms.last; ++k, weights = opaque(weights + tile.by_term))
      add(
          k, [&](int o) __attribute__((always_inline)) { return weights + o * tile.by_output; });
  } else {
    constexpr int side_by_side = 3;  // rows from one address: the others are few enough to be held
    const T* row[(Outputs + side_by_side - 1) / side_by_side];
    for (int o = 0; o < Outputs; o += side_by_side)
      row[o / side_by_side] = opaque(tile.at + o * tile.by_output);
    for (int i = 0;;) {
      const std::ptrdiff_t k = terms.term[i];
      add(
          static_cast<int>(k), [&](int o) __attribute__((always_inline)) {
            return row[o / side_by_side] + k + o % side_by_side * tile.by_output;
          });
      if (++i == terms.count) break;
    }
  }
  unroll<Outputs>([&](int o) __attribute__((always_inline)) {
    unroll<columns>([&](int c) __attribute__((always_inline)) {
      put<Arch>(y[c / n] + o * lanes + c % n * w, sums[o][c]);
    });
  });
}

}  // namespace lamina::kernels::detail
