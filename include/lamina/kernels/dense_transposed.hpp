// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/dense_product.hpp"
#include "lamina/kernels/dense_sparse.hpp"

namespace lamina::kernels::detail {

/// Outputs of a panel of transposed weights: whole tiles of them, whole lines of a cache.
inline constexpr int dense_panel = 48;

/// Elements from one term of a copied tile to the next: whole registers.
template <class Arch, int Outputs, class T>
inline constexpr int dense_panel_term =
    (Outputs + width<Arch, T> - 1) / width<Arch, T>* width<Arch, T>;

/// Elements of one tile of a copied panel.
template <class Arch, int Outputs, class T>
inline constexpr int dense_panel_tile = dense_panel_term<Arch, Outputs, T>* dense_terms<T> / 2;

/// Copies the transposed weights of a panel, whose terms lie far apart, into tiles (term, output).
/// A panel that is not whole takes what lies behind it along, as far as the weights go.
template <class Arch, int Outputs, class T>
[[gnu::noinline]] void copy_dense_panel(const dense_product<T>& p, range outputs, range terms,
                                        T* to) {
  constexpr int w = width<Arch, T>, term = dense_panel_term<Arch, Outputs, T>, ahead = 8;
  constexpr int tile = dense_panel_tile<Arch, Outputs, T>, line = 64 / sizeof(T);
  const T* from = p.weights + outputs.first + terms.first * p.by_term;
  for (int k = terms.first; k < terms.last; ++k, from += p.by_term, to += term) {
    if ((p.terms - k) * p.by_term - outputs.first >= dense_panel + term - Outputs) {
      unroll<dense_panel / line>([&](int i) __attribute__((always_inline)) {
        __builtin_prefetch(from + (k + ahead < terms.last ? ahead * p.by_term : 0) + i * line);
      });
      unroll<dense_panel / Outputs>([&](int t) __attribute__((always_inline)) {
        unroll<term / w>([&](int v) __attribute__((always_inline)) {
          put<Arch>(to + t * tile + v * w, load_unaligned<Arch>(from + t * Outputs + v * w));
        });
      });
    } else {
      for (int o = 0; o < outputs.last - outputs.first; ++o)
        to[o / Outputs * tile + o % Outputs] = from[o];
    }
  }
}

/// The given outputs of the given blocks from transposed weights, a panel of outputs after the
/// other, copied for two blocks at once.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks_transposed(const dense_product<T>& p, range blocks,
                                               range outputs, dense_ending<T> end) {
  constexpr int groups = std::min(tile<Arch, T>::dense_blocks, 2);
  constexpr int o = tile<Arch, T>::template dense_outputs<groups>;
  constexpr int most = dense_terms<T> / 2, tile = dense_panel_tile<Arch, o, T>;
  constexpr int term = dense_panel_term<Arch, o, T>;
  static_assert(dense_panel % o == 0);
  alignas(64) T copy[dense_panel / o * tile];
  const auto use = [&](range panel, range terms) __attribute__((always_inline)) {
    copy_dense_panel<Arch, o>(p, panel, terms, copy);
    for (int b = blocks.first; b < blocks.last; b += groups) {
      const range some{b, std::min(b + groups, blocks.last)};
      for (int t = 0; panel.first + t * o < panel.last; ++t) {
        const int first = panel.first + t * o;
        dense_all_groups<Arch, groups>(p, {copy + t * tile, 1, term}, some,
                                       {first, std::min(first + o, panel.last)}, terms, end);
      }
    }
  };
  for_each_piece(p, most, outputs, dense_panel, use);
}

/// Images of a block x registers of outputs, held while the terms pass: the transposed weights of a
/// term lie side by side and are read where they are. The sums go to `to`, an image a row.
template <class Arch, int Images, int Registers, class T>
[[gnu::noinline]] void dense_tile_of_rows(const dense_product<T>& p, const T* x, int output, T* to,
                                          std::ptrdiff_t row) {
  constexpr int w = width<Arch, T>;
  batch<Arch, T> sums[Images][Registers];
  unroll<Images>([&](int i) __attribute__((always_inline)) {
    unroll<Registers>([&](int r)
                          __attribute__((always_inline)) { sums[i][r] = filled<Arch, T>(T(0)); });
  });
  const T* weights = p.weights + output;
  const std::ptrdiff_t ahead = dense_terms_ahead * p.by_term;
  for (int k = 0; k < p.terms; ++k) {
    __builtin_prefetch(x + 2 * dense_terms_ahead * lanes);
    batch<Arch, T> held[Registers];
    unroll<Registers>([&](int r) __attribute__((always_inline)) {
      __builtin_prefetch(weights + ahead + r * w);
      held[r] = load_unaligned<Arch>(weights + r * w);
    });
    unroll<Images>([&](int i) __attribute__((always_inline)) {
      const auto factor = broadcast<Arch>(x + i);
      unroll<Registers>([&](int r) __attribute__((always_inline)) {
        sums[i][r] = kernels::fma(factor, held[r], sums[i][r]);
      });
    });
    x += lanes;
    weights = opaque(weights + p.by_term);
  }
  unroll<Images>([&](int i) __attribute__((always_inline)) {
    unroll<Registers>([&](int r) __attribute__((always_inline)) {
      put<Arch>(to + i * row + r * w, sums[i][r]);
    });
  });
}

/// The given outputs of the given blocks from transposed weights where they lie, a panel of them
/// after the other, which stays in the second cache while the images pass. The last outputs, which
/// fill no register, go as if the weights were not transposed.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks_by_rows(const dense_product<T>& p, range blocks, range outputs,
                                            dense_ending<T> end) {
  constexpr int w = width<Arch, T>, images = lanes / 2;
  constexpr int most = tile<Arch, T>::accumulators / images, row = most * w;
  alignas(64) T sums[lanes][row];
  int o = outputs.first;
  const auto panels_of = [&](auto registers) {
    for (; o + registers * w <= outputs.last; o += registers * w)
      for (int b = blocks.first; b < blocks.last; ++b) {
        for (int i = 0; i < lanes; i += images)
          dense_tile_of_rows<Arch, images, registers>(p, p.x.block(b) + i, o, sums[i], row);
        transpose<Arch>(sums[0], row, {lanes, registers * w},
                        p.y.block(b) + std::ptrdiff_t{o} * lanes, lanes);
        end.after({0, p.terms}, p, {b, b + 1}, {o, o + registers * w});
      }
  };
  panels_of(std::integral_constant<int, most>{});
  panels_of(std::integral_constant<int, 2>{});
  panels_of(std::integral_constant<int, 1>{});
  if (o < outputs.last) dense_blocks<Arch, T>(p, blocks, {o, outputs.last}, end);
}

/// With AVX-512, and for up to two blocks, transposed weights are read where they lie.
template <class Arch, class T>
void dense_transposed(const dense_product<T>& p, range blocks, range outputs, dense_ending<T> end) {
  if (goes_sparse<Arch>(p, blocks, outputs))
    dense_blocks_sparse<Arch, T>(p, blocks, outputs, end);
  else if constexpr (has_avx512<Arch>)
    dense_blocks_by_rows<Arch, T>(p, blocks, outputs, end);
  else if (blocks.last - blocks.first <= 2)
    dense_blocks<Arch, T>(p, blocks, outputs, end);
  else
    dense_blocks_transposed<Arch, T>(p, blocks, outputs, end);
}

}  // namespace lamina::kernels::detail
