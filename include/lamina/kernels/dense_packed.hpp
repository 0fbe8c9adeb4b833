// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>

#include "lamina/kernels/dense_product.hpp"

namespace lamina::kernels {

namespace detail {

/// Blocks and outputs of a tile of packed weights: with AVX-512 nine by three, whose 27 sums, three
/// inputs and one weight are all registers but one; they read the fewest lines for a multiply-add.
template <class Arch, class T>
struct dense_packed_size {
  static constexpr bool fills_registers = has_avx512<Arch> && registers<Arch, T> == 1;
  static constexpr int blocks = fills_registers ? 3 : tile<Arch, T>::dense_blocks;
  static constexpr int outputs =
      fills_registers ? 9 : tile<Arch, T>::template dense_outputs<blocks>;
  static constexpr int few = fills_registers ? 5 : outputs - 1;
};

/// Tiles of as many outputs as there may be, of one less and of a few: none is left over, for a
/// tile of one or two would wait for its inputs.
struct dense_packed_tiles {
  int whole = 0, smaller = 0, few = 0;
};

/// The tiles of so many outputs; none where they do not fit.
template <class Arch, class T>
constexpr dense_packed_tiles dense_packed_tiles_of(int outputs) {
  using size = dense_packed_size<Arch, T>;
  for (int few = 0; few * size::few <= outputs; ++few) {
    const int rest = outputs - few * size::few, tiles = ceil_divide(rest, size::outputs);
    const int smaller = tiles * size::outputs - rest;
    if (smaller <= tiles) return {tiles - smaller, smaller, few};
  }
  return {};
}

/// Calls use(size of a tile, its first output) for all tiles of so many outputs.
template <class Arch, class T, class Use>
[[gnu::always_inline]] inline void for_each_packed_tile(int outputs, Use&& use) {
  using size = dense_packed_size<Arch, T>;
  const dense_packed_tiles tiles = dense_packed_tiles_of<Arch, T>(outputs);
  int o = 0;
  const auto repeat = [&](int count, auto of) __attribute__((always_inline)) {
    if constexpr (of > 0)
      for (const int last = o + count * of; o < last; o += of) use(of, o);
  };
  repeat(tiles.whole, std::integral_constant<int, size::outputs>{});
  repeat(tiles.smaller, std::integral_constant<int, size::outputs - 1>{});
  if constexpr (size::few < size::outputs - 1)
    repeat(tiles.few, std::integral_constant<int, size::few>{});
}

/// Hands out what is read soon to the largest tiles of a product, so late that the last of them
/// asks for the last line: what is asked for early is gone again.
class lines_of_tiles {
 public:
  /// For so many tiles with so many terms each.
  lines_of_tiles(read_soon soon, int tiles, int terms, int terms_of_a_line)
      : soon_{soon}, tiles_{tiles}, lines_{ceil_divide(terms, terms_of_a_line)} {}

  /// What the next tile asks for; null if it does not.
  const char* next() {
    const char* const at = soon_.at;
    if (soon_.lines <= --tiles_ * lines_) return nullptr;
    soon_ = {at + 64 * lines_, soon_.lines - lines_};
    return at;
  }

 private:
  read_soon soon_;
  int tiles_;
  std::ptrdiff_t lines_;  // of a tile
};

/// One tile; the largest ask for what is read soon with AVX-512.
template <class Arch, int Outputs, int Blocks, class T>
[[gnu::always_inline]] inline void run_packed_tile(const dense_product<T>& p,
                                                   dense_packed_tile<T, Outputs> weights,
                                                   int output, int block, range terms,
                                                   lines_of_tiles& ahead) {
  using largest = dense_packed_size<Arch, T>;
  if constexpr (has_avx512<Arch> && Outputs == largest::outputs && Blocks == largest::blocks) {
    if (const char* const soon = ahead.next(); soon != nullptr)
      return dense_tile<Arch, Outputs, Blocks>(p, dense_asking_tile<T, Outputs>{weights, soon},
                                               output, block, terms);
  }
  dense_tile<Arch, Outputs, Blocks>(p, weights, output, block, terms);
}

/// All outputs of the given blocks from packed weights, one piece of the terms after the other. A
/// tile's weights stay in the first two caches from one group of blocks to the next, of which the
/// last ones have one block less, so that none is left over; a block alone goes as if nothing were
/// packed.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks_packed(const dense_product<T>& p, const T* packed, range blocks,
                                           int outputs, dense_ending<T> end, read_soon soon) {
  constexpr int most = dense_packed_size<Arch, T>::blocks, less = std::max(most - 1, 1);
  const int count = blocks.last - blocks.first, groups = ceil_divide(count, most);
  const int smaller = groups * most - count, whole = blocks.first + (groups - smaller) * most;
  if (smaller > groups) return dense_blocks<Arch, T>(p, blocks, {0, outputs}, end);
  const int largest = dense_packed_tiles_of<Arch, T>(outputs).whole * (groups - smaller);
  for_each_piece(
      p, dense_terms<T>, [&](range terms) __attribute__((always_inline)) {
        lines_of_tiles ahead(terms.last == p.terms ? soon : read_soon{}, largest,
                             terms.last - terms.first, terms_of_a_line);
        for_each_packed_tile<Arch, T>(
            outputs, [&](auto size, int o) __attribute__((always_inline)) {
              const T* const weights = packed + std::ptrdiff_t{o} * p.terms + terms.first * size;
              const auto tiles = [&](auto group, range some) __attribute__((always_inline)) {
                for (int b = some.first; b < some.last; b += group) {
                  run_packed_tile<Arch, size, group, T>(p, {weights}, o, b, terms, ahead);
                  if (!p.rectified) end.after(terms, p, {b, b + group}, {o, o + size});
                }
              };
              tiles(std::integral_constant<int, most>{}, range{blocks.first, whole});
              tiles(std::integral_constant<int, less>{}, range{whole, blocks.last});
            });
      });
}

}  // namespace detail

/// Blocks that go through packed weights at once.
template <class Arch, class T>
inline constexpr int dense_packed_blocks = detail::dense_packed_size<Arch, T>::blocks;

/// Whether so many outputs fill tiles of packed weights.
template <class Arch = native, class T = float>
constexpr bool packs_dense_outputs(int outputs) {
  const detail::dense_packed_tiles tiles = detail::dense_packed_tiles_of<Arch, T>(outputs);
  return tiles.whole + tiles.smaller + tiles.few > 0;
}

/// packed: the weights of one tile of outputs after the other, each (term, output), for products of
/// which there are many. As many values as the weights (out, in).
template <class Arch = native, class T>
void pack_dense_weights(dense_extents e, const T* weights, std::type_identity_t<T>* packed) {
  detail::for_each_packed_tile<Arch, T>(e.out, [&](auto size, std::ptrdiff_t o) {
    const T* const rows = weights + o * e.in;
    T* to = packed + o * e.in;
    for (std::ptrdiff_t k = 0; k < e.in; ++k)
      for (std::ptrdiff_t i = 0; i < size; ++i) *to++ = rows[i * e.in + k];
  });
}

}  // namespace lamina::kernels
