// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>

#include "lamina/kernels/optimizers.hpp"

/// What is done to gradients before the optimizer and to averages after it; rules for `update`, so
/// that no result depends on how an array is cut.
namespace lamina::kernels {

/// g = min(max(g, -limit), limit); the array is given as weights.
template <class T>
struct clip_rule {
  static constexpr int states = 0;
  T limit;

  template <class B>
  [[gnu::always_inline]] void operator()(B& value, const B&, B*) const {
    value = xsimd::min(xsimd::max(value, B(-limit)), B(limit));
  }
};

/// g = factor g
template <class T>
struct scale_rule {
  static constexpr int states = 0;
  T factor;

  template <class B>
  [[gnu::always_inline]] void operator()(B& value, const B&, B*) const {
    value = value * B(factor);
  }
};

/// a += part (w - a), the average given as weights and what it follows as gradient.
template <class T>
struct average_rule {
  static constexpr int states = 0;
  T part;

  template <class B>
  [[gnu::always_inline]] void operator()(B& average, const B& value, B*) const {
    average = kernels::fma(B(part), value - average, average);
  }
};

/// The sum of the squares of n values, added in double in an order that follows from n alone.
template <class Arch, class T>
[[gnu::noinline]] double sum_of_squares(const T* values, std::ptrdiff_t n) {
  double sums[lanes] = {};
  const std::ptrdiff_t whole = n - n % lanes;
  for (std::ptrdiff_t i = 0; i < whole; i += lanes)
    for (int l = 0; l < lanes; ++l)
      sums[l] += static_cast<double>(values[i + l]) * static_cast<double>(values[i + l]);
  for (std::ptrdiff_t i = whole; i < n; ++i)
    sums[i - whole] += static_cast<double>(values[i]) * static_cast<double>(values[i]);
  double sum = 0;
  for (const double each : sums) sum += each;
  return sum;
}

}  // namespace lamina::kernels
