// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>

#include "lamina/kernels/simd.hpp"
#include "lamina/kernels/sparse.hpp"

namespace lamina::kernels {

/// Registers of inputs that a tile of the weights' gradient has, and outputs: near a square.
template <class Arch, class T>
inline constexpr int dense_weights_vectors = tile<Arch, T>::accumulators == 24 ? 4 : 2;
template <class Arch, class T>
inline constexpr int dense_weights_output_tile =
    tile<Arch, T>::accumulators / dense_weights_vectors<Arch, T>;

namespace detail {

/// The operands of dw[o][i] = sum over blocks and lanes of dy[o][lane] * x[i][lane].
template <class T>
struct dense_gradient {
  blocked<const T> dy;  // (block, out, lane)
  blocked<const T> xt;  // (block, strip of 16 inputs, lane, input)
  int blocks, in;
  T* dw;  // (out, in)
};

/// Where the strip of an input begins, and the input in it.
[[gnu::always_inline]] constexpr std::ptrdiff_t in_strip(int input) {
  return std::ptrdiff_t{input / lanes} * lanes * lanes + input % lanes;
}

/// Outputs whose dy stays in the first cache while the inputs pass.
template <class Arch, class T>
inline constexpr int dense_weights_group = 4 * tile<Arch, T>::accumulators;

/// Outputs x vectors of inputs in accumulators while the lanes of all blocks pass; they are stored
/// in rows that are `row` apart. The tiles of a group together bring the next inputs into the
/// second cache.
template <class Arch, int Outputs, int Vectors, class T>
[[gnu::noinline]] void dense_weights_tile(const dense_gradient<T>& g, int output, int input, T* to,
                                          std::ptrdiff_t row) {
  constexpr int w = width<Arch, T>, next = Vectors * w, line = 64 / sizeof(T);
  constexpr int tiles = dense_weights_group<Arch, T> / Outputs;
  constexpr int lines = (next * lanes / line + tiles - 1) / tiles;
  const std::ptrdiff_t ahead =
      in_strip(input + next) - in_strip(input) + output / Outputs % tiles * lines * line;
  batch<Arch, T> sums[Outputs][Vectors];
  unroll<Outputs>([&](int o) __attribute__((always_inline)) {
    unroll<Vectors>([&](int v)
                        __attribute__((always_inline)) { sums[o][v] = filled<Arch, T>(T(0)); });
  });
  for (int b = 0; b < g.blocks; ++b) {
    const T* dy = g.dy.block(b) + static_cast<std::ptrdiff_t>(output) * lanes;
    const T* xt = g.xt.block(b) + in_strip(input);
    unroll<lines>([&](int i) __attribute__((always_inline)) {
      __builtin_prefetch(xt + ahead + i * line, 0, 2);
    });
#pragma GCC unroll 1  // the smaller tiles would become sixteen times as long
    for (int l = 0; l < lanes; ++l, ++dy, xt += lanes) {
      batch<Arch, T> x[Vectors];
      unroll<Vectors>([&](int v) __attribute__((always_inline)) {
        x[v] = load<Arch>(xt + in_strip(v * w));
      });
      unroll<Outputs>([&](int o) __attribute__((always_inline)) {
        const auto factor = broadcast<Arch>(dy + o * lanes);
        unroll<Vectors>([&](int v) __attribute__((always_inline)) {
          sums[o][v] = kernels::fma(factor, x[v], sums[o][v]);
        });
      });
    }
  }
  unroll<Outputs>([&](int o) __attribute__((always_inline)) {
    unroll<Vectors>([&](int v) __attribute__((always_inline)) {
      put_unaligned<Arch>(to + o * row + v * w, sums[o][v]);
    });
  });
}

/// `Vectors` registers of inputs from `input` on, all outputs of the range.
template <class Arch, int Outputs, int Vectors, class T>
void dense_weights_column(const dense_gradient<T>& g, range outputs, int input) {
  for_each_tile<Outputs>(outputs, [&](auto tile, int o) {
    dense_weights_tile<Arch, decltype(tile)::value, Vectors>(
        g, o, input, g.dw + std::ptrdiff_t{o} * g.in + input, g.in);
  });
}

/// The last inputs, which do not fill a register.
template <class Arch, int Outputs, class T>
void dense_weights_rest(const dense_gradient<T>& g, range outputs, int input) {
  constexpr int w = width<Arch, T>;
  for_each_tile<Outputs>(outputs, [&](auto tile, int o) {
    T some[Outputs * w];
    dense_weights_tile<Arch, decltype(tile)::value, 1>(g, o, input, some, w);
    for (int k = 0; k < tile; ++k)
      std::copy_n(some + k * w, g.in - input, g.dw + std::ptrdiff_t{o + k} * g.in + input);
  });
}

/// The inputs from `first` on, as if no gradient were zero.
template <class Arch, class T>
void dense_weights_rows(const dense_gradient<T>& g, range outputs, int first = 0) {
  constexpr int w = width<Arch, T>, tile_outputs = dense_weights_output_tile<Arch, T>;
  constexpr int vectors = dense_weights_vectors<Arch, T>;
  int i = first;
  for (; i + vectors * w <= g.in; i += vectors * w)
    dense_weights_column<Arch, tile_outputs, vectors>(g, outputs, i);
  for (; i + w <= g.in; i += w) dense_weights_column<Arch, tile_outputs, 1>(g, outputs, i);
  if (i < g.in) dense_weights_rest<Arch, tile_outputs>(g, outputs, i);
}

/// The gradient of a group of outputs, most of whose dy is zero: each output goes through the
/// images that have some, as many inputs at a time as registers hold. The images go through in
/// fours of blocks, whose x then stays in the first cache.
template <class Arch, class T>
class sparse_dense_weights {
 public:
  sparse_dense_weights(const dense_gradient<T>& gradient, range outputs)
      : g_{gradient}, outputs_{outputs}, found_{find_images(0)} {}

  /// Whether so much of the first blocks is zero; the sums are the same either way.
  bool is_worthwhile() const {
    return 3 * found_ <=
           2 * lanes * std::min(g_.blocks, most_blocks) * (outputs_.last - outputs_.first);
  }

  /// The inputs that fill slices, from the first one on; returns where the others begin.
  int run() {
    int done = 0;
    for (int block = 0; block < g_.blocks; block += most_blocks) {
      if (block > 0) find_images(block);
      const auto add = [&](auto strips, int strip) { add_images<strips>(block, strip * lanes); };
      done = 2 * g_.blocks <= most_blocks ? slices<most_strips<Arch, T>>(add)
                                          : slices<cached_strips<Arch, T>>(add);
    }
    return done * lanes;
  }

 private:
  static constexpr int most_blocks = terms_at_once / lanes;

  /// The lanes of some blocks, and their x in strips.
  struct images_and_strips {
    static constexpr int strip = lanes * lanes;

    blocked<const T> dy, xt;

    [[gnu::always_inline]] const T* factor(std::ptrdiff_t k) const {
      return dy.data + k / lanes * dy.stride + k % lanes;
    }
    [[gnu::always_inline]] const T* row(std::ptrdiff_t k) const {
      return xt.data + k / lanes * xt.stride + k % lanes * lanes;
    }
  };

  template <int Most, class Add>
  int slices(Add&& add) const {
    return for_each_slice<Most, few_strips<Arch, T>>(g_.in / lanes, add);
  }

  const T* dy(int block, int output) const {
    return g_.dy.block(block) + std::ptrdiff_t{output} * lanes;
  }

  /// Returns how many it found.
  [[gnu::noinline]] int find_images(int first) {
    int found = 0;
    const int count = std::min(g_.blocks - first, most_blocks);
    for (int o = outputs_.first; o < outputs_.last; ++o) {
      term_bits bits = 0;
      for (int b = 0; b < count; ++b)
        bits |= term_bits{nonzero_lanes<Arch>(dy(first + b, o))} << b * lanes;
      images_[o - outputs_.first] = bits;
      found += __builtin_popcountll(bits);
    }
    return found;
  }

  template <int Strips>
  [[gnu::noinline]] void add_images(int block, int input) {
    for (int o = outputs_.first; o < outputs_.last; ++o) {
      const term_bits bits = images_[o - outputs_.first];
      if (bits == 0 && block > 0) continue;
      const images_and_strips images{{dy(block, o), g_.dy.stride},
                                     {g_.xt.block(block) + in_strip(input), g_.xt.stride}};
      T* const dw = g_.dw + std::ptrdiff_t{o} * g_.in + input;
      // of none, the first image, which has no gradient either
      add_terms<Arch, Strips>(images, bits == 0 ? 1 : bits, block > 0 ? dw : nothing_, dw);
    }
  }

  const dense_gradient<T>& g_;
  range outputs_;
  term_bits images_[dense_weights_group<Arch, T>];
  int found_;  // in the first blocks
  alignas(64) T nothing_[most_strips<Arch, T> * lanes] = {};
};

}  // namespace detail

/// dw = dy transposed x, summed over the batch, and db = the sum of dy, for the given outputs; both
/// are overwritten. Outputs go through in groups whose dy stays in the first cache. Where much of
/// dy is zero, as behind a relu, those terms are left out of the sums: the same, as long as x is
/// finite.
template <class Arch = native, class T>
void dense_backward_weights(dense_extents e,
                            reading<T> dy,             // (block, out, lane)
                            reading<T> xt,             // transpose_block of x
                            int blocks, T* dw, T* db,  // (out, in), (out)
                            range outputs) {
  constexpr int group = detail::dense_weights_group<Arch, T>;
  const detail::dense_gradient<T> g{dy, xt, blocks, e.in, dw};
  for (int o = outputs.first; o < outputs.last; o += group) {
    const range some{o, std::min(outputs.last, o + group)};
    detail::sparse_dense_weights<Arch, T> sparse(g, some);
    detail::dense_weights_rows<Arch>(g, some, sparse.is_worthwhile() ? sparse.run() : 0);
  }
  for (int o = outputs.first; o < outputs.last; ++o) {
    batch<Arch, T> total(T(0));
    for (int b = 0; b < blocks; ++b)
      for (int l = 0; l < lanes; l += width<Arch, T>)
        total += load<Arch>(dy.block(b) + static_cast<std::ptrdiff_t>(o) * lanes + l);
    db[o] = kernels::sum(total);
  }
}

}  // namespace lamina::kernels
