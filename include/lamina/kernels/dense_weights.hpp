// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>

#include "lamina/kernels/simd.hpp"
#include "lamina/kernels/zeros.hpp"

namespace lamina::kernels {

/// Outputs that a tile of the weights' gradient has.
template <class Arch, class T>
inline constexpr int dense_weights_output_tile = tile<Arch, T>::accumulators / 2;

namespace detail {

/// The operands of dw[o][i] = sum over blocks and lanes of dy[o][lane] * x[i][lane].
template <class T>
struct dense_gradient {
  blocked<const T> dy;  // (block, out, lane)
  blocked<const T> xt;  // (block, strip of 16 inputs, lane, input)
  int blocks, in;
  T* dw;  // (out, in)
  nonzero_places of_x = {};
};

/// Where the strip of an input begins, and the input in it.
[[gnu::always_inline]] constexpr std::ptrdiff_t in_strip(int input) {
  return std::ptrdiff_t{input / lanes} * lanes * lanes + input % lanes;
}

/// Outputs whose dy stays in the first cache while the inputs pass.
template <class Arch, class T>
inline constexpr int dense_weights_group = 4 * tile<Arch, T>::accumulators;

/// The lanes of a block in which some of `Count` inputs from `input` on are not zero, bit l for
/// lane l; the inputs are a part of a strip or whole strips.
template <int Count, class T>
[[gnu::always_inline]] inline unsigned lanes_of_inputs(const dense_gradient<T>& g, int block,
                                                       int input) {
  const std::uint16_t* strip = g.of_x.strips(block) + input / lanes;
  unsigned bits = strip[0];
  for (int s = 1; s < Count / lanes; ++s) bits |= strip[s];
  return bits;
}

/// Whether so many lanes are zero that the others are worth looking for.
template <int Count, class T>
[[gnu::always_inline]] inline bool has_zero_lanes(const dense_gradient<T>& g, int input) {
  if (!g.of_x.known()) return false;
  int all = 0;
  for (int b = 0; b < g.blocks; ++b) all += __builtin_popcount(lanes_of_inputs<Count>(g, b, input));
  return 8 * all <= 7 * lanes * g.blocks;
}

/// The lanes of a block one after the other, and where their dy and xt lie: all of them.
template <class T, int>
class all_lanes {
 public:
  [[gnu::always_inline]] all_lanes(const dense_gradient<T>&, const T* dy, const T* xt, int, int)
      : dy_{dy}, xt_{xt} {}
  [[gnu::always_inline]] bool has_some() const { return left_ > 0; }
  [[gnu::always_inline]] void next() { --left_, ++dy_, xt_ += lanes; }
  [[gnu::always_inline]] const T* dy() const { return dy_; }
  [[gnu::always_inline]] const T* xt() const { return xt_; }

 private:
  const T *dy_, *xt_;
  int left_ = lanes;
};

/// Those in which some of `Count` inputs are not zero, or the first one; the others add nothing.
template <class T, int Count>
class nonzero_lanes {
 public:
  [[gnu::always_inline]] nonzero_lanes(const dense_gradient<T>& g, const T* dy, const T* xt,
                                       int block, int input)
      : dy_{dy}, xt_{xt}, left_{lanes_of_inputs<Count>(g, block, input)} {}
  [[gnu::always_inline]] bool has_some() const { return left_ != 0; }
  [[gnu::always_inline]] void next() { left_ &= left_ - 1; }
  [[gnu::always_inline]] const T* dy() const { return opaque(dy_ + lane()); }
  [[gnu::always_inline]] const T* xt() const { return xt_ + lane() * lanes; }

 private:
  [[gnu::always_inline]] std::ptrdiff_t lane() const {
    return __builtin_ctz(left_ | 1u << lanes) % lanes;
  }

  const T *dy_, *xt_;
  unsigned left_;
};

/// Outputs x vectors of inputs in accumulators while the lanes of all blocks pass; they are stored
/// in rows that are `row` apart. The tiles of a group together bring the next inputs into the
/// second cache.
template <class Arch, int Outputs, int Vectors, template <class, int> class Lanes = all_lanes,
          class T>
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
                        __attribute__((always_inline)) { sums[o][v] = batch<Arch, T>(T(0)); });
  });
  for (int b = 0; b < g.blocks; ++b) {
    const T* dy = g.dy.block(b) + static_cast<std::ptrdiff_t>(output) * lanes;
    const T* xt = g.xt.block(b) + in_strip(input);
    unroll<lines>([&](int i) __attribute__((always_inline)) {
      __builtin_prefetch(xt + ahead + i * line, 0, 2);
    });
    Lanes<T, next> lane(g, dy, xt, b, input);
    do {  // of a lane at least: clang spills sums that go past a loop or through it
      const T *factors = lane.dy(), *inputs = lane.xt();
      batch<Arch, T> x[Vectors];
      unroll<Vectors>([&](int v) __attribute__((always_inline)) {
        x[v] = load<Arch>(inputs + in_strip(v * w));
      });
      unroll<Outputs>([&](int o) __attribute__((always_inline)) {
        const auto factor = broadcast<Arch>(factors + o * lanes);
        unroll<Vectors>([&](int v) __attribute__((always_inline)) {
          sums[o][v] = kernels::fma(factor, x[v], sums[o][v]);
        });
      });
      lane.next();
    } while (lane.has_some());
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
  const bool zeros = Vectors == 2 && has_zero_lanes<Vectors * width<Arch, T>>(g, input);
  for_each_tile<Outputs>(outputs, [&](auto tile, int o) {
    constexpr int size = decltype(tile)::value;
    T* to = g.dw + std::ptrdiff_t{o} * g.in + input;
    if constexpr (size == Outputs && Vectors == 2) {
      if (zeros) return dense_weights_tile<Arch, size, 2, nonzero_lanes>(g, o, input, to, g.in);
    }
    dense_weights_tile<Arch, size, Vectors>(g, o, input, to, g.in);
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

template <class Arch, class T>
void dense_weights_rows(const dense_gradient<T>& g, range outputs) {
  constexpr int w = width<Arch, T>, tile_outputs = dense_weights_output_tile<Arch, T>;
  int i = 0;
  for (; i + 2 * w <= g.in; i += 2 * w) dense_weights_column<Arch, tile_outputs, 2>(g, outputs, i);
  for (; i + w <= g.in; i += w) dense_weights_column<Arch, tile_outputs, 1>(g, outputs, i);
  if (i < g.in) dense_weights_rest<Arch, tile_outputs>(g, outputs, i);
}

}  // namespace detail

/// dw = dy transposed x, summed over the batch, and db = the sum of dy, for the given outputs; both
/// are overwritten. Outputs go through in groups whose dy stays in the first cache. Where it is
/// known what is not zero in x, images in which 16 or 32 inputs in a row are zero are left out of
/// their sums: the same bits, as long as dy is finite.
template <class Arch = native, class T>
void dense_backward_weights(dense_extents e,
                            reading<T> dy,             // (block, out, lane)
                            reading<T> xt,             // transpose_block of x
                            int blocks, T* dw, T* db,  // (out, in), (out)
                            range outputs, const nonzero_places& of_x = {}) {
  constexpr int group = detail::dense_weights_group<Arch, T>;
  const detail::dense_gradient<T> g{dy, xt, blocks, e.in, dw, of_x};
  for (int o = outputs.first; o < outputs.last; o += group)
    detail::dense_weights_rows<Arch>(g, {o, std::min(outputs.last, o + group)});
  for (int o = outputs.first; o < outputs.last; ++o) {
    batch<Arch, T> total(T(0));
    for (int b = 0; b < blocks; ++b)
      for (int l = 0; l < lanes; l += width<Arch, T>)
        total += load<Arch>(dy.block(b) + static_cast<std::ptrdiff_t>(o) * lanes + l);
    db[o] = kernels::sum(total);
  }
}

}  // namespace lamina::kernels
