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

namespace detail {

/// All bits set in the lanes from l on whose hash is kept, none in the others.
template <class Arch>
struct kept_lanes {
  using words = batch<Arch, std::uint32_t>;
  using integers = batch<Arch, std::int32_t>;
  words sign = words(0x80000000u);  // compares as unsigned what the machine takes as signed
  integers threshold;

  [[gnu::always_inline]] explicit kept_lanes(double rate)
      : threshold(xsimd::bitwise_cast<integers>(words(dropout_threshold(rate)) ^ sign)) {}

  [[gnu::always_inline]] integers operator()(const std::uint32_t* keys, int feature) const {
    const words hash =
        dropout_hash(load_unaligned<Arch>(keys), words(static_cast<std::uint32_t>(feature)));
    return kernels::select(xsimd::bitwise_cast<integers>(hash ^ sign) < threshold, integers(0),
                           integers(-1));
  }
};

}  // namespace detail

/// y = kept ? x / (1 - rate) : 0 for the features first <= f < last of one block; x and y start at
/// feature `first`, (feature, lane), and may be one. The gradient is the same function of dy.
template <class Arch = native, class T>
void dropout(dropout_mask mask, int first_feature, int last_feature, const T* x, T* y) {
  const detail::kept_lanes<Arch> kept(mask.rate);
  const batch<Arch, T> scale(static_cast<T>(1 / (1 - mask.rate)));
  for (int f = first_feature; f < last_feature; ++f, x += lanes, y += lanes)
    for (int l = 0; l < lanes; l += width<Arch, std::int32_t>) {
      const auto bits = kept(mask.keys + l, f);
      if constexpr (sizeof(T) == sizeof(std::int32_t)) {
        put<Arch>(y + l, load<Arch>(x + l) * scale & xsimd::bitwise_cast<batch<Arch, T>>(bits));
      } else {
        alignas(64) std::int32_t flags[width<Arch, std::int32_t>];
        put<Arch>(flags, bits);
        for (int k = 0; k < width<Arch, std::int32_t>; ++k)
          y[l + k] = flags[k] != 0 ? x[l + k] * static_cast<T>(1 / (1 - mask.rate)) : T(0);
      }
    }
}

}  // namespace lamina::kernels
