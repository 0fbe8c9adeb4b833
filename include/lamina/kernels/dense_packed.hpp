// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstring>

#include "lamina/kernels/dense_product.hpp"

namespace lamina::kernels {

/// Fewest outputs whose weights may be packed.
inline constexpr int least_packed_outputs = 64;

namespace detail {

/// Outputs of a tile of packed weights. The last tiles have one less, so that no output is left: a
/// tile of five is as fast as of six, one of two is not.
template <class Arch, class T>
inline constexpr int dense_packed_outputs =
    tile<Arch, T>::template dense_outputs<tile<Arch, T>::dense_blocks>;

/// Calls use(size of a tile, its first output) for all tiles of so many outputs.
template <class Arch, class T, class Use>
[[gnu::always_inline]] inline void for_each_packed_tile(int outputs, Use&& use) {
  constexpr int most = dense_packed_outputs<Arch, T>;
  const int smaller = ceil_divide(outputs, most) * most - outputs;
  const int whole = outputs - smaller * (most - 1);
  for (int o = 0; o < whole; o += most) use(std::integral_constant<int, most>{}, o);
  if constexpr (most > 1)
    for (int o = whole; o < outputs; o += most - 1) use(std::integral_constant<int, most - 1>{}, o);
}

/// All outputs of the given blocks from packed weights, one piece of the terms after the other. A
/// tile's weights stay in the first two caches from one group of blocks to the next; blocks that
/// fill no group go as if nothing were packed.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks_packed(const dense_product<T>& p, const T* packed, range blocks,
                                           int outputs, dense_ending<T> end) {
  constexpr int group = tile<Arch, T>::dense_blocks;
  const int last = blocks.last - (blocks.last - blocks.first) % group;
  for_each_piece(
      p, dense_terms<T>, [&](range terms) __attribute__((always_inline)) {
        for_each_packed_tile<Arch, T>(
            outputs, [&](auto size, int o) __attribute__((always_inline)) {
              const T* const weights = packed + std::ptrdiff_t{o} * p.terms + terms.first * size;
              for (int b = blocks.first; b < last; b += group) {
                dense_tile<Arch, size, group>(p, dense_packed_tile<T, size>{weights}, o, b, terms);
                if (!p.rectified) end.after(terms, p, {b, b + group}, {o, o + size});
              }
            });
      });
  if (last < blocks.last) dense_blocks<Arch, T>(p, {last, blocks.last}, {0, outputs}, end);
}

}  // namespace detail

/// packed: the weights of one tile of outputs after the other, each (term, output), for products of
/// which there are many. As many values as turned, (in, out); out >= least_packed_outputs.
template <class Arch = native, class T>
void pack_dense_weights(dense_extents e, const T* turned, std::type_identity_t<T>* packed) {
  constexpr int smaller = detail::dense_packed_outputs<Arch, T> - 1;  // most of them, their outputs
  static_assert(smaller * smaller <= least_packed_outputs);
  constexpr int together = 32;  // terms, whose rows stay in the second cache
  for (int first = 0; first < e.in; first += together) {
    const int last = std::min(first + together, e.in);
    detail::for_each_packed_tile<Arch, T>(e.out, [&](auto size, std::ptrdiff_t o) {
      for (int k = first; k < last; ++k)
        std::memcpy(packed + o * e.in + k * size, turned + std::ptrdiff_t{k} * e.out + o,
                    size * sizeof(T));
    });
  }
}

}  // namespace lamina::kernels
