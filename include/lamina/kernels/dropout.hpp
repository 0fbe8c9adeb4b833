// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

/// 32 bits from a key and the index of a feature. The finaliser is Chris Wellons' lowbias32
/// (https://nullprogram.com/blog/2018/07/31/); the factor, 2^32 over the golden ratio, spreads the
/// features. Exact to the bit on every machine, on integers and on batches of them.
template <class Integer>
[[gnu::always_inline]] inline Integer dropout_hash(Integer key, Integer feature) {
  Integer h = key + feature * Integer(0x9e3779b9u);
  h = (h ^ (h >> 16)) * Integer(0x7feb352du);
  h = (h ^ (h >> 15)) * Integer(0x846ca68bu);
  return h ^ (h >> 16);
}

/// The smallest hash that is kept: rate * 2^32.
[[gnu::always_inline]] inline std::uint32_t dropout_threshold(double rate) {
  return static_cast<std::uint32_t>(rate * 4294967296.0);
}

/// y = kept ? x / (1 - rate) : 0 for the features first <= f < last of one block; x and y start at
/// feature `first`, (feature, lane), and may be one. The gradient is the same function of dy.
template <class Arch = native, class T>
void dropout(dropout_mask mask, int first_feature, int last_feature, const T* x, T* y) {
  using words = batch<Arch, std::uint32_t>;
  using integers = batch<Arch, std::int32_t>;
  constexpr int step = width<Arch, std::uint32_t>;
  const T scale = static_cast<T>(1 / (1 - mask.rate));
  const words sign(0x80000000u);  // compares as unsigned numbers what the machine takes as signed
  const auto threshold = xsimd::bitwise_cast<integers>(words(dropout_threshold(mask.rate)) ^ sign);
  alignas(64) std::int32_t dropped[lanes];
  for (int f = first_feature; f < last_feature; ++f, x += lanes, y += lanes) {
    const words feature(static_cast<std::uint32_t>(f));
    for (int l = 0; l < lanes; l += step) {
      const words hash =
          dropout_hash(batch<Arch, std::uint32_t>::load_unaligned(mask.keys + l), feature);
      const auto less = xsimd::bitwise_cast<integers>(hash ^ sign) < threshold;
      xsimd::select(less, integers(1), integers(0)).store_aligned(dropped + l);
    }
    for (int l = 0; l < lanes; ++l) y[l] = dropped[l] != 0 ? T(0) : x[l] * scale;
  }
}

}  // namespace lamina::kernels
