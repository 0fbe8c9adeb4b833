// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <limits>

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

/// The weights of a tile that were packed for it: (term, output).
template <class T>
struct dense_packed_tile {
  const T* at;
};

/// The same where the tile asks for what is read soon: a line every few terms, for many at once
/// would keep its own waiting.
template <class T>
struct dense_asking_tile : dense_packed_tile<T> {
  static constexpr int terms_of_a_line = 4;
  const char* soon;
};

/// A product of a weight matrix with a batch, y[o] += sum over k of weight(o, k) * x[k], and where
/// its operands lie: the weight of output o and term k is weights[o * by_output + k * by_term].
/// `rectified`: its finished sums become their relu.
template <class T>
struct dense_product {
  const T* weights;
  std::ptrdiff_t by_output, by_term;
  const T* bias;  // null: zeros
  blocked<const T> x;
  blocked<T> y;
  int terms;
  bool rectified = false;

  [[gnu::always_inline]] dense_weights_of_tile<T> weights_of(int output, int term) const {
    return {weights + output * by_output + term * by_term, by_output, by_term};
  }
};

/// How many terms ahead a tile asks for its operands with AVX-512: the 24 multiply-adds of a term
/// take twelve cycles there, and four lines are more than the second cache gives unasked. Packed
/// weights may come from the third.
inline constexpr int dense_terms_ahead = 8, dense_packed_ahead = 64;

/// Whether a tile of so many blocks turns its sums into their relu before it stores them, as all of
/// packed weights do, for a pass over them would wait until the lines of y have come. Tiles of
/// fewer blocks are left without, as they cost compile time.
template <class Arch, class T, int Blocks>
inline constexpr bool dense_tile_rectifies = Blocks == tile<Arch, T>::dense_blocks;

/// Outputs x blocks x registers of accumulators, held while the terms pass. The smaller of the two
/// operands is held in registers as well, the other is read as it is needed. It knows no
/// activation but relu: one tile serves the products of all layers. With AVX-512 it asks for the
/// weights that follow: packed ones ahead of its own, else the next rows.
template <class Arch, int Outputs, int Blocks, class T, class Weights>
[[gnu::noinline]] void dense_tile(const dense_product<T>& p, Weights tile, int output, int block,
                                  range terms) {
  constexpr bool packed = std::is_base_of_v<dense_packed_tile<T>, Weights>;
  constexpr bool asks = std::is_same_v<Weights, dense_asking_tile<T>>;
  constexpr int n = registers<Arch, T>, w = width<Arch, T>, columns = Blocks * n;
  batch<Arch, T> sums[Outputs][columns];
  const T* x = p.x.block(block) + std::ptrdiff_t{terms.first} * lanes;
  const T* const end = x + std::ptrdiff_t{terms.last - terms.first} * lanes;
  std::ptrdiff_t apart[Blocks] = {};  // a block from the first: pointers would be moved one by one
  alignas(64) T bias[Outputs * lanes];  // what the sums begin with, laid out as y is
  if (terms.first == 0)
    for (int o = 0; o < Outputs; ++o) {
      const auto one = filled<Arch, T>(p.bias == nullptr ? T(0) : p.bias[output + o]);
      for (int i = 0; i < lanes; i += w) put<Arch>(bias + o * lanes + i, one);
    }
  T* y[Blocks];
  const T* from[Blocks];
  unroll<Blocks>([&](int b) __attribute__((always_inline)) {
    if (b > 0) apart[b] = opaque(b * p.x.stride);
    y[b] = p.y.block(block + b) + static_cast<std::ptrdiff_t>(output) * lanes;
    from[b] = terms.first == 0 ? bias : y[b];
  });
  unroll<Outputs>([&](int o) __attribute__((always_inline)) {
    unroll<columns>([&](int c) __attribute__((always_inline)) {
      sums[o][c] = load<Arch>(from[c / n] + o * lanes + c % n * w);
    });
  });
  std::ptrdiff_t by_output = 1, by_term = Outputs;
  if constexpr (!packed) by_output = tile.by_output, by_term = tile.by_term;
  constexpr int near = packed ? Outputs : 3;  // to a pointer: an address holds by_output twice
  constexpr int pointers = ceil_divide(Outputs, near);
  const T* weights[pointers];
  unroll<pointers>([&](int i) __attribute__((always_inline)) {
    weights[i] = tile.at + near * i * by_output;
  });
  const auto weight = [&](int o) __attribute__((always_inline)) {
    return broadcast<Arch>(weights[o / near] + o % near * by_output);
  };
  [[maybe_unused]] const T* next_rows = tile.at + Outputs * by_output;
  [[maybe_unused]] const char* soon = nullptr;
  if constexpr (asks) soon = tile.soon;
  do {
    const T* stop = end;
    if constexpr (asks) {
      constexpr std::ptrdiff_t some = Weights::terms_of_a_line * lanes;
      __builtin_prefetch(soon, 0, 2);  // into the second cache
      soon += 64;
      if (end - x > some) stop = x + some;
    }
    do {
      if constexpr (has_avx512<Arch>) {
        unroll<columns>([&](int c) __attribute__((always_inline)) {
          __builtin_prefetch(x + apart[c / n] + dense_terms_ahead * lanes + c % n * w);
        });
        if constexpr (packed) {
          __builtin_prefetch(weights[0] + dense_packed_ahead * Outputs);
        } else {
          __builtin_prefetch(next_rows);
          next_rows = opaque(next_rows + Outputs);
        }
      }
      if constexpr (Outputs < columns) {
        batch<Arch, T> held[Outputs];
        unroll<Outputs>([&](int o) __attribute__((always_inline)) { held[o] = weight(o); });
        unroll<columns>([&](int c) __attribute__((always_inline)) {
          const auto v = load<Arch>(x + apart[c / n] + c % n * w);
          unroll<Outputs>([&](int o) __attribute__((always_inline)) {
            sums[o][c] = kernels::fma(held[o], v, sums[o][c]);
          });
        });
      } else {
        batch<Arch, T> held[columns];
        unroll<columns>([&](int c) __attribute__((always_inline)) {
          held[c] = load<Arch>(x + apart[c / n] + c % n * w);
        });
        unroll<Outputs>([&](int o) __attribute__((always_inline)) {
          const auto v = weight(o);
          unroll<columns>([&](int c) __attribute__((always_inline)) {
            sums[o][c] = kernels::fma(v, held[c], sums[o][c]);
          });
        });
      }
      unroll<pointers>([&](int i) __attribute__((always_inline)) {
        weights[i] = opaque(weights[i] + by_term);
      });
      x = opaque(x + lanes);
    } while (x != stop);
  } while (asks && x != end);
  constexpr bool rectifies = packed || dense_tile_rectifies<Arch, T, Blocks>;
  const bool rectified = rectifies && p.rectified && terms.last == p.terms;
  const auto least = filled<Arch, T>(rectified ? T(0) : -std::numeric_limits<T>::infinity());
  unroll<Outputs>([&](int o) __attribute__((always_inline)) {
    unroll<columns>([&](int c) __attribute__((always_inline)) {
      auto& sum = sums[o][c];
      if constexpr (rectifies) sum = kernels::max(least, sum);  // NaN stays
      put<Arch>(y[c / n] + o * lanes + c % n * w, sum);
    });
  });
}

}  // namespace lamina::kernels::detail
