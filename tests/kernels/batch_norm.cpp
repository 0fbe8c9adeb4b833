// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/batch_norm.hpp>
//
#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

constexpr int channels = 3;

struct statistics {
  double mean[channels] = {}, variance[channels] = {};
};

template <class T>
statistics naive_statistics(const images<T>& x) {
  statistics s;
  const double n = x.count * x.height * x.width;
  x.for_each([&](int image, int c, int row, int column) {
    s.mean[c] += static_cast<double>(x.at(image, c, row, column)) / n;
  });
  x.for_each([&](int image, int c, int row, int column) {
    s.variance[c] += std::pow(static_cast<double>(x.at(image, c, row, column)) - s.mean[c], 2) / n;
  });
  return s;
}

template <class T>
void check_statistics(int count, int height, int width, T offset, double tolerance) {
  images<T> x(count, channels, height, width, 1);
  for (std::ptrdiff_t i = 0; i < x.values.size(); ++i) x.values[i] += offset;
  array<T> mean(channels), variance(channels);
  for (const range part : {range{0, 2}, range{2, channels}})
    kernels::batch_norm_statistics({channels, height * width}, x.view(), count, mean.data(),
                                   variance.data(), part);
  const auto expected = naive_statistics(x);
  for (int c = 0; c < channels; ++c) {
    CHECK(static_cast<double>(mean[c]) == near<T>(expected.mean[c]));
    CHECK(static_cast<double>(variance[c]) ==
          doctest::Approx(expected.variance[c]).epsilon(tolerance));
  }
}

TEST_CASE_TEMPLATE("statistics count live images only", T, float, double) {
  for (const int count : {1, 3, 16, 17, 33}) check_statistics<T>(count, 5, 7, T(0), 1e-5);
  check_statistics<T>(32, 28, 28, T(0), 1e-5);
  check_statistics<T>(1, 1, 1, T(3), 1e-5);
}

TEST_CASE("statistics are accurate far from zero") {
  check_statistics<float>(33, 14, 14, 1000.0f, 1e-5);
  check_statistics<float>(33, 14, 14, -100000.0f, 1e-4);
}

/// Everything that a backward pass needs.
template <class T>
struct normalised {
  explicit normalised(int count, int height, int width)
      : x(count, channels, height, width, 1), dy(count, channels, height, width, 2) {
    dy.clear_dead_lanes();
    const auto s = naive_statistics(x);
    for (int c = 0; c < channels; ++c) {
      mean[c] = static_cast<T>(s.mean[c]);
      inverse_deviation[c] = static_cast<T>(1 / std::sqrt(s.variance[c] + 1e-3));
    }
  }
  double centered(int image, int c, int row, int column) const {
    return (static_cast<double>(x.at(image, c, row, column)) - static_cast<double>(mean[c])) *
           static_cast<double>(inverse_deviation[c]);
  }

  images<T> x, dy;
  array<T> mean{channels}, inverse_deviation{channels}, gamma = numbers<T>(channels, 3);
  array<T> dgamma{channels}, dbeta{channels};
};

template <class T>
void check_backward(int count, int height, int width) {
  normalised<T> n(count, height, width);
  const kernels::plane_extents e{channels, height * width};
  kernels::batch_norm_backward_sums(e, n.x.view(), n.dy.view(), n.x.blocks, n.mean.data(),
                                    n.inverse_deviation.data(), n.dgamma.data(), n.dbeta.data(),
                                    {0, channels});
  expected_sum dgamma[channels], dbeta[channels];
  n.x.for_each([&](int image, int c, int row, int column) {
    const double g = static_cast<double>(n.dy.at(image, c, row, column));
    dgamma[c].add(g * n.centered(image, c, row, column));
    dbeta[c].add(g);
  });
  for (int c = 0; c < channels; ++c) {
    CHECK(dgamma[c].matches(n.dgamma[c]));
    CHECK(dbeta[c].matches(n.dbeta[c]));
  }
  images<T> dx(count, channels, height, width, 9);
  kernels::batch_norm_backward_input(e, n.x.view(), n.dy.view(), dx.view(), count, n.mean.data(),
                                     n.inverse_deviation.data(), n.gamma.data(), n.dgamma.data(),
                                     n.dbeta.data(), {0, dx.blocks}, {0, channels});
  int wrong = 0;
  const double values = count * height * width;
  dx.for_each([&](int image, int c, int row, int column) {
    const double rest = dbeta[c].value + n.centered(image, c, row, column) * dgamma[c].value;
    const double expected = static_cast<double>(n.gamma[c]) *
                            static_cast<double>(n.inverse_deviation[c]) *
                            (static_cast<double>(n.dy.at(image, c, row, column)) - rest / values);
    wrong += std::abs(static_cast<double>(dx.at(image, c, row, column)) - expected) >
             64 * static_cast<double>(std::numeric_limits<T>::epsilon());
  });
  CHECK(wrong == 0);
  CHECK(dx.dead_lanes_are_zero());
  auto in_place = n.dy;
  for (int b = 0; b < dx.blocks; ++b)
    kernels::batch_norm_backward_input(e, n.x.view(), in_place.view(), in_place.view(), count,
                                       n.mean.data(), n.inverse_deviation.data(), n.gamma.data(),
                                       n.dgamma.data(), n.dbeta.data(), {b, b + 1}, {0, channels});
  wrong = 0;
  dx.for_each([&](int image, int c, int row, int column) {
    wrong += dx.at(image, c, row, column) != in_place.at(image, c, row, column);
  });
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("gradients of a normalisation, also in place", T, float, double) {
  for (const int count : {1, 3, 16, 17, 33}) check_backward<T>(count, 5, 7);
}

TEST_CASE_TEMPLATE("scales and shifts each channel", T, float, double) {
  const images<T> x(16, channels, 5, 7, 1);
  images<T> y(16, channels, 5, 7);
  const auto scale = numbers<T>(channels, 2), shift = numbers<T>(channels, 3);
  kernels::scale_shift({channels, 35}, x.view().block(0), y.view().block(0), scale.data(),
                       shift.data(), {0, channels});
  int wrong = 0;
  x.for_each([&](int image, int c, int row, int column) {
    const double expected =
        static_cast<double>(x.at(image, c, row, column)) * static_cast<double>(scale[c]) +
        static_cast<double>(shift[c]);
    wrong += std::abs(static_cast<double>(y.at(image, c, row, column)) - expected) >
             4 * static_cast<double>(std::numeric_limits<T>::epsilon());
  });
  CHECK(wrong == 0);
}

}  // namespace
