// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels::detail {

/// Pixels whose terms are added in T before the partial sum is added in double: long enough that
/// the additions in double cost little, short enough that float does not lose digits.
inline constexpr int pixels_of_a_partial_sum = 64;

/// Two sums over the pixels of a plane for each lane.
struct lane_sums {
  double first[lanes] = {}, second[lanes] = {};
};

/// Two sums in T over a few pixels, register by register of the lanes.
template <class Arch, class T>
struct partial_sums {
  static constexpr int n = registers<Arch, T>, w = width<Arch, T>;
  batch<Arch, T> first[n], second[n];

  [[gnu::always_inline]] void clear() {
    unroll<n>([&](int i)
                  __attribute__((always_inline)) { first[i] = second[i] = filled<Arch, T>(T(0)); });
  }

  [[gnu::always_inline]] void add_to(lane_sums& totals) const {
    alignas(64) T sums[2][lanes];
    unroll<n>([&](int i) __attribute__((always_inline)) {
      put<Arch>(sums[0] + i * w, first[i]);
      put<Arch>(sums[1] + i * w, second[i]);
    });
    for (int l = 0; l < lanes; ++l) totals.first[l] += static_cast<double>(sums[0][l]);
    for (int l = 0; l < lanes; ++l) totals.second[l] += static_cast<double>(sums[1][l]);
  }
};

/// Adds the sums over one plane. add(offset, first, second) adds the terms of the register at
/// `offset` of the plane. Two pixels go side by side, because one addition waits for the last.
template <class Arch, class T, class Add>
[[gnu::always_inline]] inline void add_plane(lane_sums& totals, int pixels, Add add) {
  constexpr int n = registers<Arch, T>, w = width<Arch, T>;
  for (int begin = 0; begin < pixels; begin += pixels_of_a_partial_sum) {
    const int end = std::min(pixels, begin + pixels_of_a_partial_sum);
    partial_sums<Arch, T> even, odd;
    even.clear();
    odd.clear();
    int p = begin;
    for (; p + 2 <= end; p += 2) {
      unroll<n>([&](int i) __attribute__((always_inline)) {
        add(p * lanes + i * w, even.first[i], even.second[i]);
      });
      unroll<n>([&](int i) __attribute__((always_inline)) {
        add((p + 1) * lanes + i * w, odd.first[i], odd.second[i]);
      });
    }
    if (p < end)
      unroll<n>([&](int i) __attribute__((always_inline)) {
        add(p * lanes + i * w, even.first[i], even.second[i]);
      });
    unroll<n>([&](int i) __attribute__((always_inline)) {
      even.first[i] += odd.first[i];
      even.second[i] += odd.second[i];
    });
    even.add_to(totals);
  }
}

}  // namespace lamina::kernels::detail
