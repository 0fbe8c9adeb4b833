// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels::detail {

/// Pixels whose terms are added in T before the partial sum is added in double: long enough that
/// the additions in double cost nothing, short enough that float does not lose digits.
inline constexpr int pixels_of_a_partial_sum = 64;

/// The sum of f(x) * mask over one plane (pixel, lane).
template <class Arch, class T, class F>
[[gnu::always_inline]] inline double sum_over_plane(int pixels, const T* x,
                                                    const T* mask,  // (lane), zero or one
                                                    F f) {
  constexpr int n = registers<Arch, T>, w = width<Arch, T>;
  double total = 0;
  for (int first = 0; first < pixels; first += pixels_of_a_partial_sum) {
    const int last = std::min(pixels, first + pixels_of_a_partial_sum);
    batch<Arch, T> partial[n];
    unroll<n>([&](auto r) __attribute__((always_inline)) { partial[r] = batch<Arch, T>(T(0)); });
    for (int p = first; p < last; ++p)
      unroll<n>([&](auto r) __attribute__((always_inline)) {
        partial[r] = kernels::fma(f(load<Arch>(x + p * lanes + r * w)), load<Arch>(mask + r * w),
                                  partial[r]);
      });
    unroll<n - 1>([&](auto r) __attribute__((always_inline)) { partial[0] += partial[r + 1]; });
    total += static_cast<double>(kernels::sum(partial[0]));
  }
  return total;
}

struct products {
  double product, plain;
};

/// The sums of (x - center) * dy and of dy over one plane (pixel, lane).
template <class Arch, class T>
[[gnu::always_inline]] inline products sum_of_products(int pixels, const T* x, const T* dy,
                                                       const xsimd::batch<T, Arch>& center) {
  constexpr int n = registers<Arch, T>, w = width<Arch, T>;
  products total{0, 0};
  for (int first = 0; first < pixels; first += pixels_of_a_partial_sum) {
    const int last = std::min(pixels, first + pixels_of_a_partial_sum);
    batch<Arch, T> product(T(0)), plain(T(0));
    for (int p = first; p < last; ++p)
      unroll<n>([&](auto r) __attribute__((always_inline)) {
        const auto g = load<Arch>(dy + p * lanes + r * w);
        product = kernels::fma(load<Arch>(x + p * lanes + r * w) - center, g, product);
        plain += g;
      });
    total.product += static_cast<double>(kernels::sum(product));
    total.plain += static_cast<double>(kernels::sum(plain));
  }
  return total;
}

}  // namespace lamina::kernels::detail
