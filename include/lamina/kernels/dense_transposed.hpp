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

/// For a block, or two where a tile has one or two, transposed weights are read where they lie: a
/// copy would not be read often.
template <class Arch, class T>
void dense_transposed(const dense_product<T>& p, range blocks, range outputs, dense_ending<T> end) {
  constexpr int read_in_place = tile<Arch, T>::dense_blocks == 4 ? 1 : 2;
  if (goes_sparse<Arch>(p, blocks, outputs))
    dense_blocks_sparse<Arch, T>(p, blocks, outputs, end);
  else if (blocks.last - blocks.first <= read_in_place)
    dense_blocks<Arch, T>(p, blocks, outputs, end);
  else
    dense_blocks_transposed<Arch, T>(p, blocks, outputs, end);
}

}  // namespace lamina::kernels::detail
