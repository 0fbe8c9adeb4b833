// SPDX-License-Identifier: BSL-1.0
// The error of a kernel in float against double, beside that of the plain sum in float.
#pragma once

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>

#include "kernels/naive.hpp"

namespace lamina::test {

/// One sum as a plain loop over floats has it, at its best (a product is added without being
/// rounded first), and in double.
struct two_sums {
  float plain = 0;
  double exact = 0;

  void add(float a, float b) {
    plain = std::fma(a, b, plain);
    exact += static_cast<double>(a) * static_cast<double>(b);
  }
  void add(float a) {
    plain += a;
    exact += static_cast<double>(a);
  }
};

/// Root mean squares over draws: of the kernel's errors and of the plain sum's, in halves of
/// float's epsilon of the exact values' own root mean square.
class errors {
 public:
  void add(double exact, float found, float plain) {
    exact_ += exact * exact;
    found_ += std::pow(static_cast<double>(found) - exact, 2);
    plain_ += std::pow(static_cast<double>(plain) - exact, 2);
    ++draws_;
  }
  void add(const two_sums& sum, float found) { add(sum.exact, found, sum.plain); }

  /// A line of the table in bench/NOTES.md. A kernel that adds one term after the other as the
  /// plain sum does errs as much, but by other draws: 0.1 is three times the spread, sqrt(2 /
  /// 2,000), of the ratio of two root mean squares of 1,000 draws each.
  void check(const char* kernel, int terms, double slack = 0.1) const {
    CAPTURE(kernel);
    const double unit = 0.5 * static_cast<double>(std::numeric_limits<float>::epsilon());
    const double found = std::sqrt(found_ / exact_) / unit;
    const double plain = std::sqrt(plain_ / exact_) / unit;
    std::printf("| %s | %d | %.2f | %.2f |\n", kernel, terms, found, plain);
    CHECK(draws_ >= 1000);
    CHECK(plain > 0);
    CHECK(found <= (1 + slack) * plain);
  }

 private:
  double exact_ = 0, found_ = 0, plain_ = 0;
  int draws_ = 0;
};

/// What comes out of a relu or of a picture: from 0 to 1.
inline void make_positive(images<float>& x) {
  for (std::ptrdiff_t i = 0; i < x.values.size(); ++i) x.values[i] = std::abs(x.values[i]);
}

}  // namespace lamina::test
