// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>

#include "lamina/kernels/dense_product.hpp"
#include "lamina/kernels/layout.hpp"

namespace lamina::kernels {

namespace detail {

/// Blocks and outputs of the tiles of packed weights: with AVX-512 nine by three, whose 27 sums,
/// three inputs and one weight are all registers but one; they read the fewest lines for a
/// multiply-add. Others have one output less, and some a few, so that none is left over: a tile of
/// one or two would wait for its inputs.
template <class Arch, class T>
struct dense_packed_size {
  static constexpr bool fills_registers = has_avx512<Arch> && registers<Arch, T> == 1;
  static constexpr int blocks = fills_registers ? 3 : tile<Arch, T>::dense_blocks;
  static constexpr int fewer_blocks = std::max(blocks - 1, 1);
  static constexpr int outputs =
      fills_registers ? 9 : tile<Arch, T>::template dense_outputs<blocks>;
  static constexpr int one_less = std::max(outputs - 1, 1);
  static constexpr int few = fills_registers ? 5 : one_less;
};

/// How many tiles there are of each size.
struct dense_packed_tiles {
  int whole = 0, smaller = 0, few = 0;

  constexpr int count() const { return whole + smaller + few; }
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

/// Calls use(outputs of a tile, the first of them) for all tiles.
template <class Arch, class T, class Use>
[[gnu::always_inline]] inline void for_each_packed_tile(dense_packed_tiles tiles, Use&& use) {
  using size = dense_packed_size<Arch, T>;
  int o = 0;
  for (int i = 0; i < tiles.count(); ++i) {
    const int outputs = i < tiles.whole                   ? size::outputs
                        : i < tiles.whole + tiles.smaller ? size::one_less
                                                          : size::few;
    use(outputs, o);
    o += outputs;
  }
}

/// Hands out what is read soon to the largest tiles of a product, so late that the last of them
/// asks for the last line: what is asked for early is gone again.
class lines_of_tiles {
 public:
  /// For so many tiles with so many terms each, and an ask for a line every few.
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

/// One tile, for a group of all blocks or for one of fewer; the largest ask for what is read soon
/// with AVX-512.
template <class Arch, class T>
[[gnu::always_inline]] inline void run_packed_tile(int outputs, bool all_blocks,
                                                   const dense_product<T>& p,
                                                   dense_packed_tile<T> weights, int output,
                                                   int block, range terms, lines_of_tiles& ahead) {
  using size = dense_packed_size<Arch, T>;
  const auto run = [&](auto of, auto from) __attribute__((always_inline)) {
    if (all_blocks) return dense_tile<Arch, of, size::blocks>(p, from, output, block, terms);
    if constexpr (of >= size::one_less)
      dense_tile<Arch, of, size::fewer_blocks>(p, weights, output, block, terms);
  };
  if (outputs == size::outputs) {
    constexpr std::integral_constant<int, size::outputs> of;
    if constexpr (has_avx512<Arch>)
      if (const char* const soon = all_blocks ? ahead.next() : nullptr; soon != nullptr)
        return run(of, dense_asking_tile<T>{weights, soon});
    return run(of, weights);
  }
  if (outputs == size::one_less) return run(std::integral_constant<int, size::one_less>{}, weights);
  run(std::integral_constant<int, size::few>{}, weights);
}

/// All outputs of the given blocks from packed weights, one piece of the terms after the other. A
/// tile's weights stay in the first two caches from one group of blocks to the next, of which the
/// last ones have one block less, so that none is left over. A block alone goes as if nothing were
/// packed, as do groups of fewer with tiles of few outputs: no such tile is worth its compile time.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks_packed(const dense_product<T>& p, const T* packed, range blocks,
                                           int outputs, dense_ending<T> end, read_soon soon) {
  using size = dense_packed_size<Arch, T>;
  const dense_packed_tiles tiles = dense_packed_tiles_of<Arch, T>(outputs);
  const int count = blocks.last - blocks.first, groups = ceil_divide(count, size::blocks);
  const int smaller = groups * size::blocks - count;
  const int whole = blocks.first + (groups - smaller) * size::blocks;
  if (smaller > (tiles.few > 0 ? 0 : groups))
    return dense_blocks<Arch, T>(p, blocks, {0, outputs}, end);
  for_each_piece(
      p, dense_terms<T>, [&](range terms) __attribute__((always_inline)) {
        lines_of_tiles ahead(terms.last == p.terms ? soon : read_soon{},
                             tiles.whole * (groups - smaller), terms.last - terms.first,
                             dense_asking_tile<T>::terms_of_a_line);
        for_each_packed_tile<Arch, T>(
            tiles, [&](int of_tile, int o) __attribute__((always_inline)) {
              const T* const weights = packed + std::ptrdiff_t{o} * p.terms + terms.first * of_tile;
              for (int b = blocks.first; b < blocks.last;) {
                const int next = b + (b < whole ? size::blocks : size::fewer_blocks);
                run_packed_tile<Arch>(of_tile, b < whole, p, {weights}, o, b, terms, ahead);
                if (!p.rectified) end.after(terms, p, {b, next}, {o, o + of_tile});
                b = next;
              }
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
  return detail::dense_packed_tiles_of<Arch, T>(outputs).count() > 0;
}

/// turned (in, out) = weights (out, in), for products of which there are many.
template <class Arch = native, class T>
void turn_dense_weights(dense_extents e, const T* weights, std::type_identity_t<T>* turned) {
  const int whole = e.out / 8 * 8;
  detail::transpose<Arch>(weights, e.in, {whole, e.in}, turned, e.out);
  for (std::ptrdiff_t k = 0; k < e.in; ++k)
    one_by_one(e.out - whole, [&](std::ptrdiff_t i) {
      turned[k * e.out + whole + i] = weights[(whole + i) * e.in + k];
    });
}

/// packed: the weights of one tile of outputs after the other, each (term, output), for products of
/// which there are many. As many values as the weights (out, in).
template <class Arch = native, class T>
void pack_dense_weights(dense_extents e, const T* weights, std::type_identity_t<T>* packed) {
  const detail::dense_packed_tiles tiles = detail::dense_packed_tiles_of<Arch, T>(e.out);
  detail::for_each_packed_tile<Arch, T>(tiles, [&](int outputs, std::ptrdiff_t o) {
    turn_dense_weights<Arch>({e.in, outputs}, weights + o * e.in, packed + o * e.in);
  });
}

}  // namespace lamina::kernels
