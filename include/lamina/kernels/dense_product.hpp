// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/dense_tile.hpp"
#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

namespace detail {

/// What becomes of the finished sums of some outputs of some blocks: a pass over them while they
/// are in the first cache. A pointer, so that the loops over tiles are compiled once for all of
/// them.
template <class T>
struct dense_ending {
  void (*run)(const dense_product<T>&, range blocks, range outputs, const void* how) = nullptr;
  const void* how = nullptr;

  /// Ends the sums that these terms were the last of.
  [[gnu::always_inline]] void after(range terms, const dense_product<T>& p, range blocks,
                                    range outputs) const {
    if (terms.last == p.terms && run != nullptr) run(p, blocks, outputs, how);
  }
};

/// A finished sum becomes its activation, wherever it lies.
template <class Activation>
struct activated {
  Activation activation;

  template <class B>
  [[gnu::always_inline]] B operator()(const B& sum, int, std::ptrdiff_t) const {
    return activation(sum);
  }
};

/// A finished sum is the gradient behind an activation: it becomes the one in front of it, by the
/// activation's output at the same place.
template <class T, class Activation>
struct passed_back {
  Activation activation;
  blocked<const T> y;

  template <class B>
  [[gnu::always_inline]] B operator()(const B& sum, int block, std::ptrdiff_t at) const {
    return activation.gradient(B::load_aligned(y.block(block) + at), sum);
  }
};

/// The same of a sum whose other part lies elsewhere.
template <class T, class Activation>
struct joined_and_passed_back {
  passed_back<T, Activation> pass;
  blocked<const T> other;

  template <class B>
  [[gnu::always_inline]] B operator()(const B& sum, int block, std::ptrdiff_t at) const {
    return pass(sum + B::load_aligned(other.block(block) + at), block, at);
  }
};

/// Most terms that are summed before the next outputs: their x stays in the second cache. Fewer of
/// them, whose x would stay in the first, cost more in sums that are stored and loaded again.
template <class T>
inline constexpr int dense_terms = 51200 / (lanes * static_cast<int>(sizeof(T)));

/// As many of the given blocks as go at once, `Blocks` at most, and how many those are. Whole tiles
/// of outputs, then smaller ones for what is left: twelve, six, two, one, for single outputs keep
/// too few sums to hide an addition's latency.
template <class Arch, int Blocks, class T>
int dense_group(const dense_product<T>& p, dense_weights_of_tile<T> weights, range blocks,
                range outputs, range terms) {
  if constexpr (Blocks > 1) {
    if (blocks.last - blocks.first < Blocks)
      return dense_group<Arch, Blocks / 2>(p, weights, blocks, outputs, terms);
  }
  constexpr int most = tile<Arch, T>::template dense_outputs<Blocks>;
  int o = outputs.first;
  const auto tiles_of = [&](auto size) {
    for (; o + size <= outputs.last; o += size)
      dense_tile<Arch, size, Blocks>(p, weights.from(o - outputs.first), o, blocks.first, terms);
  };
  tiles_of(std::integral_constant<int, most>{});
  if constexpr (most > 6) tiles_of(std::integral_constant<int, 6>{});
  if constexpr (most > 2) tiles_of(std::integral_constant<int, 2>{});
  if constexpr (most > 1) tiles_of(std::integral_constant<int, 1>{});
  return Blocks;
}

/// Some outputs of all blocks; those that all terms have gone through end.
template <class Arch, int Blocks, class T>
[[gnu::always_inline]] inline void dense_all_groups(const dense_product<T>& p,
                                                    dense_weights_of_tile<T> weights, range blocks,
                                                    range outputs, range terms,
                                                    const dense_ending<T>& end) {
  while (blocks.first < blocks.last) {
    const int first = blocks.first;
    blocks.first += dense_group<Arch, Blocks>(p, weights, blocks, outputs, terms);
    const bool rectified = dense_tile_rectifies<Arch, T, Blocks> && p.rectified;
    if (!rectified || blocks.first - first < Blocks)
      end.after(terms, p, {first, blocks.first}, outputs);
  }
}

/// Calls `how`, an `activated` or a `passed_back`, for each finished sum.
template <class Arch, class End, class T>
void dense_end(const dense_product<T>& p, range blocks, range outputs, const void* how) {
  const End end = *static_cast<const End*>(how);
  for (int b = blocks.first; b < blocks.last; ++b) {
    T* y = p.y.block(b);
    for (std::ptrdiff_t at = std::ptrdiff_t{lanes} * outputs.first;
         at < std::ptrdiff_t{lanes} * outputs.last; at += width<Arch, T>)
      put<Arch>(y + at, end(load<Arch>(y + at), b, at));
  }
}

/// Nothing is left to do where the activation is none.
template <class Arch, class T, class Activation>
[[gnu::always_inline]] inline dense_ending<T> ending_of(const activated<Activation>& how) {
  if constexpr (std::is_same_v<Activation, identity>)
    return {};
  else
    return {dense_end<Arch, activated<Activation>, T>, &how};
}

/// Calls use(terms) for one piece of the terms after the other, at most `most` of them.
template <class T, class Use>
[[gnu::always_inline]] inline void for_each_piece(const dense_product<T>& p, int most, Use&& use) {
  const int step = even_share(p.terms, most);
  for (int k = 0; k < p.terms; k += step) use(range{k, std::min(p.terms, k + step)});
}

/// Calls use(outputs, terms) for one piece of the terms after the other, at most `most` of them,
/// and in each for `together` outputs after the others.
template <class T, class Use>
[[gnu::always_inline]] inline void for_each_piece(const dense_product<T>& p, int most,
                                                  range outputs, int together, Use&& use) {
  for_each_piece(
      p, most, [&](range terms) __attribute__((always_inline)) {
        for (int first = outputs.first; first < outputs.last; first += together)
          use(range{first, std::min(first + together, outputs.last)}, terms);
      });
}

/// The given outputs of the given blocks, one piece of the terms after the other. A tile's weights
/// stay in the first cache from one group of blocks to the next.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks(const dense_product<T>& p, range blocks, range outputs,
                                    dense_ending<T> end) {
  constexpr int most = tile<Arch, T>::dense_blocks;
  constexpr int o = tile<Arch, T>::template dense_outputs<1>;
  for_each_piece(
      p, dense_terms<T>, outputs, o, [&](range some, range terms) __attribute__((always_inline)) {
        dense_all_groups<Arch, most>(p, p.weights_of(some.first, terms.first), blocks, some, terms,
                                     end);
      });
}

}  // namespace detail

}  // namespace lamina::kernels
