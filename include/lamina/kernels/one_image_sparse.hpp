// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>

#include "lamina/kernels/simd.hpp"
#include "lamina/kernels/sparse.hpp"

/// One image, or a few, through the weights of its values that are not zero.
namespace lamina::kernels::detail {

/// Weights that are expected in the second cache.
template <class Arch, class T>
inline constexpr std::ptrdiff_t weights_in_cache = second_cache<Arch> / 2 /
                                                   static_cast<std::ptrdiff_t>(sizeof(T));

/// Some images, `stride` elements apart.
template <class T>
struct image_row {
  const T* x;
  T* y;
  int images;
  std::ptrdiff_t stride;

  [[gnu::always_inline]] image_row from(int first, int last) const {
    return {x + first * stride, y + first * stride, last - first, stride};
  }
};

/// Bit k: whether x[k] is not zero, of up to 64 values.
template <class Arch, class T>
[[gnu::always_inline]] inline term_bits nonzero_values(int n, const T* x) {
  constexpr int w = width<Arch, T>;
  term_bits bits = 0;
  int k = 0;
  for (; k + w <= n; k += w) bits |= term_bits{nonzero(load_unaligned<Arch>(x + k))} << k;
  for (; k < n; ++k) bits |= term_bits{x[k] != T(0) ? 1u : 0u} << k;
  return bits;
}

/// How many of n values are not zero.
template <class Arch, class T>
[[gnu::noinline]] int count_nonzero(int n, const T* x) {
  int found = 0;
  for (int k = 0; k < n; k += terms_at_once)
    found += __builtin_popcountll(nonzero_values<Arch>(std::min(terms_at_once, n - k), x + k));
  return found;
}

/// to + the sum over t of factors[t] * rows[t][o], a register of outputs. Added as one, that sum
/// leaves a third of the error of one that grows term by term.
template <class Arch, int Terms, class T>
[[gnu::always_inline]] inline batch<Arch, T> with_rows(const batch<Arch, T>& to,
                                                       const batch<Arch, T> (&factors)[Terms],
                                                       const T* const (&rows)[Terms],
                                                       std::ptrdiff_t o) {
  if constexpr (Terms == 1) {
    return kernels::fma(factors[0], load_unaligned<Arch>(rows[0] + o), to);
  } else {
    auto sum = factors[0] * load_unaligned<Arch>(rows[0] + o);
    unroll<Terms - 1>([&](int t) __attribute__((always_inline)) {
      sum = kernels::fma(factors[t + 1], load_unaligned<Arch>(rows[t + 1] + o), sum);
    });
    return to + sum;
  }
}

/// sums[o] += the sum over t of factors[t] * rows[t][o] for `Terms` rows of n weights, n a multiple
/// of the register's.
template <class Arch, int Terms, class T>
[[gnu::noinline]] void add_registers(const T* const* rows, const T* factors, int n, T* sums) {
  constexpr int w = width<Arch, T>, at_once = 2;
  batch<Arch, T> x[Terms];
  const T* from[Terms];
  unroll<Terms>([&](int t) __attribute__((always_inline)) {
    x[t] = broadcast<Arch>(factors + t);
    from[t] = rows[t];
  });
  const auto add = [&](int o) __attribute__((always_inline)) {
    put_unaligned<Arch>(sums + o,
                        with_rows<Arch, Terms>(load_unaligned<Arch>(sums + o), x, from, o));
  };
  int o = 0;
  for (; o + at_once * w <= n; o += at_once * w)
    unroll<at_once>([&](int v) __attribute__((always_inline)) { add(o + v * w); });
  for (; o < n; o += w) add(o);
}

/// The same for any n: what does not fill a register goes the same way through a copy.
template <class Arch, int Terms, class T>
void add_rows(const T* const* rows, const T* factors, int n, T* sums) {
  constexpr int w = width<Arch, T>;
  const int whole = n / w * w, rest = n - whole;
  add_registers<Arch, Terms>(rows, factors, whole, sums);
  if (rest == 0) return;
  T copies[Terms + 1][w] = {};
  const T* from[Terms];
  for (int t = 0; t < Terms; ++t) {
    for (int k = 0; k < rest; ++k) copies[t][k] = rows[t][whole + k];
    from[t] = copies[t];
  }
  T* const last = copies[Terms];
  for (int k = 0; k < rest; ++k) last[k] = sums[whole + k];
  add_registers<Arch, Terms>(from, factors, w, last);
  for (int k = 0; k < rest; ++k) sums[whole + k] = last[k];
}

/// Images, and their terms, that are summed before the next ones.
inline constexpr int most_images = 16, words_of_an_image = 8;
inline constexpr int most_image_terms = words_of_an_image * terms_at_once;
using image_bits = term_bits[words_of_an_image];

/// Adds the products of an image's terms of which there is a bit, weights (in, out) that are `row`
/// apart, to the sums of n outputs: eight rows at a time, as they lie.
template <class Arch, class T>
void add_nonzero_rows(const image_bits& bits, const T* x, const T* weights, std::ptrdiff_t row,
                      int n, T* sums) {
  constexpr int at_once = 8;
  const T* rows[at_once];
  T factors[at_once];
  int found = 0;
  for (int word = 0; word < words_of_an_image; ++word)
    for (term_bits left = bits[word]; left != 0; left &= left - 1) {
      const int k = word * terms_at_once + __builtin_ctzll(left);
      rows[found] = weights + k * row;
      factors[found] = x[k];
      if (++found < at_once) continue;
      add_rows<Arch, at_once>(rows, factors, n, sums);
      found = 0;
    }
  for (int t = 0; t < found; ++t) add_rows<Arch, 1>(rows + t, factors + t, n, sums);
}

/// Adds the products with the values that are not zero, by weights (in, out). What several images
/// read stays in the second cache meanwhile.
template <class Arch, class T>
void add_nonzero_products(dense_extents e, const T* turned, const image_row<T>& of, range outputs) {
  constexpr int few_outputs = static_cast<int>(weights_in_cache<Arch, T> / most_image_terms);
  const int together = of.images == 1 ? outputs.last - outputs.first : few_outputs;
  for (int k = 0; k < e.in; k += most_image_terms) {
    image_bits bits[most_images];
    for (int i = 0; i < of.images; ++i)
      for (int word = 0; word < words_of_an_image; ++word) {
        const int first = std::min(k + word * terms_at_once, e.in);
        bits[i][word] = nonzero_values<Arch>(std::min(terms_at_once, e.in - first),
                                             of.x + i * of.stride + first);
      }
    for (int o = outputs.first; o < outputs.last; o += together)
      for (int i = 0; i < of.images; ++i)
        add_nonzero_rows<Arch>(bits[i], of.x + i * of.stride + k,
                               turned + std::ptrdiff_t{k} * e.out + o, e.out,
                               std::min(together, outputs.last - o), of.y + i * of.stride + o);
  }
}

}  // namespace lamina::kernels::detail
