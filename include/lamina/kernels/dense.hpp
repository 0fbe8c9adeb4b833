// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/dense_tile.hpp"
#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

/// Outputs of a panel of transposed weights: whole tiles of them, whole lines of a cache.
inline constexpr int dense_panel = 48;

/// Outputs that a tile of the forward product has.
template <class Arch, class T>
inline constexpr int dense_output_tile = tile<Arch, T>::template dense_outputs<1>;

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
  if constexpr (most > 3) tiles_of(std::integral_constant<int, 2>{});
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

/// Calls use(outputs, terms) for one piece of the terms after the other, at most `most` of them,
/// and in each for `together` outputs after the others.
template <class T, class Use>
[[gnu::always_inline]] inline void for_each_piece(const dense_product<T>& p, int most,
                                                  range outputs, int together, Use&& use) {
  const int pieces = (p.terms + most - 1) / most, step = (p.terms + pieces - 1) / pieces;
  for (int k = 0; k < p.terms; k += step)
    for (int first = outputs.first; first < outputs.last; first += together)
      use(range{first, std::min(first + together, outputs.last)},
          range{k, std::min(p.terms, k + step)});
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

/// The same from transposed weights, a panel of outputs after the other, copied for two blocks at
/// once.
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

/// For up to two blocks transposed weights are read where they lie: a copy would not be read often.
template <class Arch, class T>
void dense_transposed(const dense_product<T>& p, range blocks, range outputs, dense_ending<T> end) {
  if (blocks.last - blocks.first <= 2)
    dense_blocks<Arch, T>(p, blocks, outputs, end);
  else
    dense_blocks_transposed<Arch, T>(p, blocks, outputs, end);
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
  const detail::activated<Activation> how{activation};
  detail::dense_blocks<Arch, T>({weights, e.in, 1, bias, x, y, e.in}, blocks, outputs,
                                detail::ending_of<Arch, T>(how));
}

/// The share of some outputs in the gradient of the given inputs of the given blocks.
template <class Arch = native, class T>
void dense_backward_input_of(range outputs, dense_extents e,
                             const T* weights,              // (out, in)
                             reading<T> dy, blocked<T> dx,  // (block, out, lane), (block, in, lane)
                             range blocks, range inputs) {
  const std::ptrdiff_t row = outputs.first;
  const blocked<const T> from{dy.data + row * lanes, dy.stride};
  detail::dense_transposed<Arch, T>(
      {weights + row * e.in, 1, e.in, nullptr, from, dx, outputs.last - outputs.first}, blocks,
      inputs, {});
}

/// dx = transposed weights dy for the given inputs of the given blocks.
template <class Arch = native, class T>
void dense_backward_input(dense_extents e,
                          const T* weights,              // (out, in)
                          reading<T> dy, blocked<T> dx,  // (block, out, lane), (block, in, lane)
                          range blocks, range inputs) {
  dense_backward_input_of<Arch>({0, e.out}, e, weights, dy, dx, blocks, inputs);
}

/// The same where x, the layer's input, is the output of an activation: the gradient in front of
/// it.
template <class Arch = native, class T, class Activation>
void dense_backward_input(dense_extents e,
                          const T* weights,              // (out, in)
                          reading<T> dy, blocked<T> dx,  // (block, out, lane), (block, in, lane)
                          range blocks, range inputs, Activation activation, reading<T> x) {
  using end = detail::passed_back<T, Activation>;
  const end how{activation, x};
  detail::dense_transposed<Arch, T>({weights, 1, e.in, nullptr, dy, dx, e.out}, blocks, inputs,
                                    {detail::dense_end<Arch, end, T>, &how});
}

/// The share that lies elsewhere is added to dx, and the sum becomes the gradient in front of the
/// activation whose output x is.
template <class Arch = native, class T, class Activation>
void dense_add_input_gradient(dense_extents e, reading<T> other,
                              blocked<T> dx,  // (block, in, lane)
                              range blocks, range inputs, Activation activation, reading<T> x) {
  using end = detail::joined_and_passed_back<T, Activation>;
  const end how{{activation, x}, other};
  detail::dense_end<Arch, end, T>({nullptr, 1, e.in, nullptr, {}, dx, 0}, blocks, inputs, &how);
}

}  // namespace lamina::kernels
