// SPDX-License-Identifier: BSL-1.0
// Arrays and comparisons for the tests of the kernels. The loops that compute what is expected
// stand in the tests themselves, in double.
#pragma once

#include <doctest/doctest.h>
#include <lamina/kernels/types.hpp>

#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

namespace lamina::test {

using kernels::blocked;
using kernels::lanes;
using kernels::range;

/// Zeros, aligned to 64 bytes.
template <class T>
class array {
 public:
  explicit array(std::ptrdiff_t n) : lines(static_cast<std::size_t>(n + 15) / 16), n(n) {}

  T* data() { return lines.empty() ? nullptr : lines[0].values; }
  const T* data() const { return lines.empty() ? nullptr : lines[0].values; }
  T& operator[](std::ptrdiff_t i) { return data()[i]; }
  const T& operator[](std::ptrdiff_t i) const { return data()[i]; }
  std::ptrdiff_t size() const { return n; }

  /// The same to the bit.
  bool operator==(const array& other) const {
    return n == other.n && std::memcmp(data(), other.data(), sizeof(T) * bytes_of(n)) == 0;
  }

 private:
  struct alignas(64) line {
    T values[16] = {};
  };
  static std::size_t bytes_of(std::ptrdiff_t n) { return static_cast<std::size_t>(n); }

  std::vector<line> lines;
  std::ptrdiff_t n;
};

/// Numbers from -1 to 1 without a pattern that a register's width could hide.
template <class T>
array<T> numbers(std::ptrdiff_t n, unsigned seed) {
  array<T> a(n);
  unsigned state = seed * 2654435761u + 12345u;
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    state = state * 1664525u + 1013904223u;
    a[i] = static_cast<T>(static_cast<double>(state >> 8) / 8388608.0 - 1.0);
  }
  return a;
}

/// Activations of a batch, (block, channel, y, x, lane), with a gap between the blocks.
template <class T>
struct images {
  images(int count, int channels, int height, int width, unsigned seed = 0)
      : count(count),
        blocks((count + lanes - 1) / lanes),
        channels(channels),
        height(height),
        width(width),
        stride(static_cast<std::ptrdiff_t>(channels * height * width + 1) * lanes),
        values(seed == 0 ? array<T>(stride * blocks) : numbers<T>(stride * blocks, seed)) {}

  std::ptrdiff_t index(int image, int c, int y, int x) const {
    return image / lanes * stride + ((c * height + y) * width + x) * lanes + image % lanes;
  }
  T& at(int image, int c, int y = 0, int x = 0) { return values[index(image, c, y, x)]; }
  const T& at(int image, int c, int y = 0, int x = 0) const {
    return values[index(image, c, y, x)];
  }
  blocked<T> view() { return {values.data(), stride}; }
  blocked<const T> view() const { return {values.data(), stride}; }

  /// What a gradient promises: zeros where there is no image.
  void clear_dead_lanes() {
    for_each_dead([](T& value) { value = T(0); });
  }

  bool dead_lanes_are_zero() {
    bool zero = true;
    for_each_dead([&](T& value) { zero = zero && value == T(0); });
    return zero;
  }

  /// Calls f(image, channel, y, x) for all live values.
  template <class F>
  void for_each(F f) const {
    for (int image = 0; image < count; ++image)
      for (int c = 0; c < channels; ++c)
        for (int y = 0; y < height; ++y)
          for (int x = 0; x < width; ++x) f(image, c, y, x);
  }

  template <class F>
  void for_each_dead(F f) {
    for (int image = count; image < blocks * lanes; ++image)
      for (int c = 0; c < channels; ++c)
        for (int y = 0; y < height; ++y)
          for (int x = 0; x < width; ++x) f(at(image, c, y, x));
  }

  int count, blocks, channels, height, width;
  std::ptrdiff_t stride;
  array<T> values;
};

/// A sum and the sum of the magnitudes of its terms, which bounds the rounding of any order.
struct expected_sum {
  double value = 0, magnitude = 0;

  void add(double term) {
    value += term;
    magnitude += std::abs(term);
  }

  template <class T>
  bool matches(T got) const {
    const double epsilon = static_cast<double>(std::numeric_limits<T>::epsilon());
    return std::abs(static_cast<double>(got) - value) <= 16 * epsilon * (magnitude + 1);
  }
};

/// Largest distance allowed to a value computed in double.
template <class T>
doctest::Approx near(double value) {
  return doctest::Approx(value).epsilon(64 *
                                        static_cast<double>(std::numeric_limits<T>::epsilon()));
}

}  // namespace lamina::test
