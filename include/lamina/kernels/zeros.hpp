// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

/// What is not zero in blocks of images: the features that are not zero in all lanes, in order, and
/// the lanes that are not zero in a strip of 16 features, bit l for lane l.
struct nonzero_places {
  const std::uint16_t* data = nullptr;  // (block, strips, number of features, features)
  std::ptrdiff_t first_feature = 0, stride = 0;

  nonzero_places() = default;  // not known
  [[gnu::always_inline]] nonzero_places(const std::uint16_t* data, int features)
      : data{data}, first_feature{strips_of(features) + 1}, stride{size(features)} {}

  [[gnu::always_inline]] static constexpr int strips_of(int features) {
    return (features + lanes - 1) / lanes;
  }
  /// Numbers of a block.
  [[gnu::always_inline]] static constexpr int size(int features) {
    return strips_of(features) + 1 + features;
  }

  [[gnu::always_inline]] bool known() const { return data != nullptr; }
  [[gnu::always_inline]] const std::uint16_t* strips(int block) const {
    return data + stride * block;
  }
  [[gnu::always_inline]] const std::uint16_t* list(int block) const {
    return strips(block) + first_feature;
  }
  [[gnu::always_inline]] int count(int block) const { return list(block)[-1]; }
  /// Whether so many features are zero that a list of the others is worth its steps.
  [[gnu::always_inline]] bool has_many_zeros(int block, int features) const {
    return known() && 8 * count(block) <= 7 * features;
  }
};

namespace detail {

/// Bit i: whether element i is not zero. What is not a number is not equal to it, where xsimd 8.1
/// would have it that it is not unequal either.
template <class T, class Arch>
[[gnu::always_inline]] inline unsigned nonzero(const xsimd::batch<T, Arch>& x) {
  constexpr int w = width<Arch, T>;
  const auto equal = x == xsimd::batch<T, Arch>(T(0));
  unsigned bits = 0;
  if constexpr (std::is_base_of_v<xsimd::avx512f, Arch>) {
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

}  // namespace detail

/// Finds the places of a block x (feature, lane) of n features, below 65,536; `to` has
/// nonzero_places::size(n).
template <class Arch = native, class T>
void find_nonzero(int n, const T* x, std::uint16_t* to) {
  constexpr int w = width<Arch, T>;
  std::uint16_t* strip = to;
  std::uint16_t* const list = to + nonzero_places::strips_of(n) + 1;
  int count = 0;
  for (int i = 0; i < n; ++strip) {
    unsigned of_strip = 0;
    for (const int last = std::min(n, i + lanes); i < last; ++i, x += lanes) {
      unsigned bits = 0;
      for (int l = 0; l < lanes; l += w) bits |= detail::nonzero(load<Arch>(x + l)) << l;
      list[count] = static_cast<std::uint16_t>(i);
      count += bits != 0;
      of_strip |= bits;
    }
    *strip = static_cast<std::uint16_t>(of_strip);
  }
  list[-1] = static_cast<std::uint16_t>(count);
}

}  // namespace lamina::kernels
