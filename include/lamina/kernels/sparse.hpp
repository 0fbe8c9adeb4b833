// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <type_traits>

#include "lamina/kernels/simd.hpp"

/// Sums over the terms whose factor is not zero: behind a relu, most of an image's values are zero,
/// and around a digit its pixels. What is left out adds zeros, so the sums stay the same.
namespace lamina::kernels::detail {

/// Terms of a sum, bit k for the k-th of up to 64.
using term_bits = std::uint64_t;
inline constexpr int terms_at_once = 64;

/// Bit i: whether element i is not zero. What is not a number is not equal to it, where xsimd 8.1
/// would have it that it is not unequal either.
template <class T, class Arch>
[[gnu::always_inline]] inline unsigned nonzero(const xsimd::batch<T, Arch>& x) {
  constexpr int w = width<Arch, T>;
  const auto equal = x == xsimd::batch<T, Arch>(T(0));
  unsigned bits = 0;
  if constexpr (has_avx512<Arch>) {
    bits = equal.data;
  } else if constexpr (std::is_base_of_v<xsimd::avx, Arch> && std::is_same_v<T, float>) {
    bits = static_cast<unsigned>(_mm256_movemask_ps(equal.data));
  } else {
    bool of[w];
    equal.store_unaligned(of);
    for (int i = 0; i < w; ++i) bits |= (of[i] ? 1u : 0u) << i;
  }
  return ~bits & ((1u << w) - 1);
}

/// Bit l: whether lane l of a feature is not zero.
template <class Arch, class T>
[[gnu::always_inline]] inline unsigned nonzero_lanes(const T* x) {
  unsigned bits = 0;
  for (int l = 0; l < lanes; l += width<Arch, T>) bits |= nonzero(load<Arch>(x + l)) << l;
  return bits;
}

/// bits[lane]: which of up to 64 terms x (term, lane) are not zero.
template <class Arch, class T>
[[gnu::noinline]] void find_nonzero(const T* x, int terms, term_bits* bits) {
  using word = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  constexpr int w = width<Arch, T>, n = registers<Arch, T>, bits_of_word = 8 * sizeof(word);
  for (int l = 0; l < lanes; ++l) bits[l] = 0;
  for (int first = 0; first < terms; first += bits_of_word) {
    batch<Arch, T> found[n];
    unroll<n>([&](int v) __attribute__((always_inline)) { found[v] = filled<Arch, T>(T(0)); });
    auto bit = batch<Arch, word>(1);
    for (int k = first; k < std::min(terms, first + bits_of_word); ++k, bit = bit + bit) {
      const auto more = xsimd::bitwise_cast<batch<Arch, T>>(bit);
      unroll<n>([&](int v) __attribute__((always_inline)) {
        const auto is_zero = load<Arch>(x + k * lanes + v * w) == filled<Arch, T>(T(0));
        found[v] = xsimd::select(is_zero, found[v], found[v] | more);
      });
    }
    alignas(64) word words[lanes];
    unroll<n>([&](int v) __attribute__((always_inline)) {
      put<Arch>(words + v * w, xsimd::bitwise_cast<batch<Arch, word>>(found[v]));
    });
    for (int l = 0; l < lanes; ++l)
      bits[l] |= term_bits{static_cast<std::make_unsigned_t<word>>(words[l])} << first;
  }
}

/// Whether so few of the terms x (block, term, lane) are not zero that sums over those alone are
/// faster: `most` sixteenths, of a single block, for which weights are brought into place, at most
/// five. Looks at some of them.
template <class Arch, class T>
[[gnu::noinline]] bool is_sparse(blocked<const T> x, range blocks, int terms, int most) {
  constexpr int looks = 32, most_blocks = 4;
  const int count = std::min(blocks.last - blocks.first, most_blocks);
  int found = 0;
  for (int b = 0; b < count; ++b)
    for (int i = 0; i < looks; ++i) {
      const std::ptrdiff_t term = std::ptrdiff_t{terms} * i / looks;
      found += __builtin_popcount(nonzero_lanes<Arch>(x.block(blocks.first + b) + term * lanes));
    }
  const int sixteenths = count == 1 ? std::min(most, 5) : most;
  return terms >= terms_at_once && 16 * found <= sixteenths * looks * lanes * count;
}

/// Strips of 16 sums that hide the latency of a multiply-add, eight registers of them, and that
/// registers hold: all but two of sixteen, for a factor and a value.
template <class Arch, class T>
inline constexpr int few_strips = std::max(1, 8 / registers<Arch, T>);
template <class Arch, class T>
inline constexpr int most_strips = std::max(1, 14 / registers<Arch, T>);

/// Of those, as many as 64 rows fill the first cache with.
template <class Arch, class T>
inline constexpr int cached_strips = std::min(most_strips<Arch, T>, 8);

/// Calls use(constant, first) for slices of `Most` strips and then of `Few`, as many of the larger
/// ones as leave none over, where any do; returns the strips that it got to.
template <int Most, int Few, class Use>
[[gnu::always_inline]] inline int for_each_slice(int strips, Use&& use) {
  int larger = strips / Most;
  while (larger > 0 && (strips - larger * Most) % Few != 0) --larger;
  if ((strips - larger * Most) % Few != 0) larger = strips / Most;
  int first = 0;
  for (; larger > 0; --larger, first += Most) use(std::integral_constant<int, Most>{}, first);
  if constexpr (Few < Most)
    for (; first + Few <= strips; first += Few) use(std::integral_constant<int, Few>{}, first);
  return first;
}

/// Factors that are 16 elements apart, a lane of each feature, and rows that are as many apart as
/// it is said.
template <class T>
struct features_and_rows {
  static constexpr int strip = lanes;  // elements from one strip of a row to the next

  const T *factors, *rows;
  std::ptrdiff_t row_size;

  [[gnu::always_inline]] const T* factor(std::ptrdiff_t k) const { return factors + k * lanes; }
  [[gnu::always_inline]] const T* row(std::ptrdiff_t k) const { return rows + k * row_size; }
};

/// to = from + factor(k) * row(k), strips of 16, for the terms k of which there is a bit: one, at
/// least.
template <class Arch, int Strips, class Terms, class T>
[[gnu::noinline]] void add_terms(const Terms& terms, term_bits left, const T* from, T* to) {
  constexpr int w = width<Arch, T>, n = registers<Arch, T>;
  batch<Arch, T> sums[Strips * n];
  unroll<Strips * n>([&](int v) __attribute__((always_inline)) {
    sums[v] = load_unaligned<Arch>(from + v * w);
  });
  do {
    const std::ptrdiff_t k = __builtin_ctzll(left);
    const auto factor = broadcast<Arch>(terms.factor(k));
    const T* row = terms.row(k);
    unroll<Strips * n>([&](int v) __attribute__((always_inline)) {
      const auto x = load_unaligned<Arch>(row + v / n * Terms::strip + v % n * w);
      sums[v] = kernels::fma(factor, x, sums[v]);
    });
    left &= left - 1;
  } while (left != 0);
  unroll<Strips * n>([&](int v) __attribute__((always_inline)) {
    put_unaligned<Arch>(to + v * w, sums[v]);
  });
}

}  // namespace lamina::kernels::detail
