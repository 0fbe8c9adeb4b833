// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

/// Outputs of a panel of transposed weights: whole tiles of them, whole lines of a cache.
inline constexpr int dense_panel = 48;

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

/// What becomes of the finished sums of some outputs of some blocks: a pass over them while they
/// are in the first cache. A pointer, so that the loops over tiles are compiled once for all of
/// them.
template <class T>
struct dense_ending {
  void (*run)(const dense_product<T>&, range blocks, range outputs, const void* how) = nullptr;
  const void* how = nullptr;
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

/// Most terms that are summed before the next outputs: their x stays in the second cache. Fewer of
/// them, whose x would stay in the first, cost more in sums that are stored and loaded again.
template <class T>
inline constexpr int dense_terms = 51200 / (lanes * static_cast<int>(sizeof(T)));

/// The weights of a tile of outputs, and where they lie for the term terms.first.
template <class T>
struct dense_weights_of_tile {
  const T* at;
  std::ptrdiff_t by_output, by_term;

  [[gnu::always_inline]] dense_weights_of_tile from(int output) const {
    return {at + output * by_output, by_output, by_term};
  }
};

/// Outputs x blocks x registers of accumulators, held while the terms first <= k < last pass. The
/// smaller of the two operands is held in registers as well, the other is read as it is needed.
/// It knows no activation: one tile serves the products of all layers.
template <class Arch, int Outputs, int Blocks, class T>
[[gnu::noinline]] void dense_tile(const dense_product<T>& p, dense_weights_of_tile<T> tile,
                                  int output, int block, range terms) {
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
      if (terms.first > 0)
        sums[o][c] = load<Arch>(y[c / n] + o * lanes + c % n * w);
      else
        sums[o][c] = batch<Arch, T>(p.bias == nullptr ? T(0) : p.bias[output + o]);
    });
  });
  const T* weights = tile.at;
  for (int k = terms.first; k < terms.last; ++k, weights = opaque(weights + tile.by_term)) {
    if constexpr (Outputs < columns) {
      batch<Arch, T> held[Outputs];
      unroll<Outputs>([&](int o) __attribute__((always_inline)) {
        held[o] = broadcast<Arch>(weights + o * tile.by_output);
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
        const auto v = broadcast<Arch>(weights + o * tile.by_output);
        unroll<columns>([&](int c) __attribute__((always_inline)) {
          sums[o][c] = kernels::fma(v, held[c], sums[o][c]);
        });
      });
    }
  }
  unroll<Outputs>([&](int o) __attribute__((always_inline)) {
    unroll<columns>([&](int c) __attribute__((always_inline)) {
      put<Arch>(y[c / n] + o * lanes + c % n * w, sums[o][c]);
    });
  });
}

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
    if (terms.last == p.terms && end.run != nullptr)
      end.run(p, {first, blocks.first}, outputs, end.how);
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

/// The given outputs of the given blocks, one piece of the terms after the other. A tile's weights
/// stay in the first cache from one group of blocks to the next.
template <class Arch, class T>
[[gnu::noinline]] void dense_blocks(const dense_product<T>& p, range blocks, range outputs,
                                    dense_ending<T> end) {
  constexpr int most = tile<Arch, T>::dense_blocks;
  constexpr int o = tile<Arch, T>::template dense_outputs<1>;
  const int pieces = (p.terms + dense_terms<T> - 1) / dense_terms<T>;
  const int step = (p.terms + pieces - 1) / pieces;
  for (int k = 0; k < p.terms; k += step)
    for (int first = outputs.first; first < outputs.last; first += o) {
      const range some{first, std::min(first + o, outputs.last)};
      const dense_weights_of_tile<T> weights{p.weights + first * p.by_output + k * p.by_term,
                                             p.by_output, p.by_term};
      dense_all_groups<Arch, most>(p, weights, blocks, some, {k, std::min(p.terms, k + step)}, end);
    }
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
  const int pieces = (p.terms + most - 1) / most, step = (p.terms + pieces - 1) / pieces;
  for (int k = 0; k < p.terms; k += step)
    for (int first = outputs.first; first < outputs.last; first += dense_panel) {
      const range panel{first, std::min(first + dense_panel, outputs.last)};
      const range terms{k, std::min(p.terms, k + step)};
      copy_dense_panel<Arch, o>(p, panel, terms, copy);
      for (int b = blocks.first; b < blocks.last; b += groups) {
        const range some{b, std::min(b + groups, blocks.last)};
        for (int t = 0; first + t * o < panel.last; ++t)
          dense_all_groups<Arch, groups>(p, {copy + t * tile, 1, term}, some,
                                         {first + t * o, std::min(first + (t + 1) * o, panel.last)},
                                         terms, end);
      }
    }
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
  using end = detail::activated<Activation>;
  const end how{activation};
  detail::dense_ending<T> ending;
  if constexpr (!std::is_same_v<Activation, identity>)
    ending = {detail::dense_end<Arch, end, T>, &how};
  detail::dense_blocks<Arch, T>({weights, e.in, 1, bias, x, y, e.in}, blocks, outputs, ending);
}

/// dx = transposed weights dy for the given inputs of the given blocks.
template <class Arch = native, class T>
void dense_backward_input(dense_extents e,
                          const T* weights,              // (out, in)
                          reading<T> dy, blocked<T> dx,  // (block, out, lane), (block, in, lane)
                          range blocks, range inputs) {
  detail::dense_blocks_transposed<Arch, T>({weights, 1, e.in, nullptr, dy, dx, e.out}, blocks,
                                           inputs, {});
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
  detail::dense_blocks_transposed<Arch, T>({weights, 1, e.in, nullptr, dy, dx, e.out}, blocks,
                                           inputs, {detail::dense_end<Arch, end, T>, &how});
}

}  // namespace lamina::kernels
