// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/activation.hpp>
//
#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

constexpr int n = 3 * lanes;

/// Values and slopes against a function of double and its finite difference; in place too.
template <class T, class Activation, class F>
void check(Activation activation, F expected) {
  auto x = numbers<T>(n, 1);
  for (int i = 0; i < n; ++i) x[i] *= T(4);
  const auto dy = numbers<T>(n, 2);
  array<T> y(n), dx(n);
  kernels::activation_forward(x.data(), y.data(), n, activation);
  kernels::activation_backward(y.data(), dy.data(), dx.data(), n, activation);
  for (int i = 0; i < n; ++i) {
    const double v = static_cast<double>(x[i]), h = 1e-5;
    CHECK(static_cast<double>(y[i]) == near<T>(expected(v)));
    const double slope = (expected(v + h) - expected(v - h)) / (2 * h);
    CHECK(static_cast<double>(dx[i]) ==
          doctest::Approx(slope * static_cast<double>(dy[i])).epsilon(1e-4));
  }
  auto in_place = dy;
  kernels::activation_backward(y.data(), in_place.data(), in_place.data(), n, activation);
  CHECK(in_place == dx);
  kernels::activation_forward(x.data(), x.data(), n, activation);
  CHECK(x == y);
}

TEST_CASE_TEMPLATE("activations and their gradients", T, float, double) {
  check<T>(kernels::identity{}, [](double v) { return v; });
  check<T>(kernels::relu{}, [](double v) { return std::max(v, 0.0); });
  check<T>(kernels::leaky_relu{0.2}, [](double v) { return v > 0 ? v : 0.2 * v; });
  check<T>(kernels::hyperbolic_tangent{}, [](double v) { return std::tanh(v); });
  check<T>(kernels::sigmoid{}, [](double v) { return 1 / (1 + std::exp(-v)); });
}

TEST_CASE_TEMPLATE("what is not a number stays so behind a relu", T, float, double) {
  array<T> x(lanes), y(lanes);
  x[3] = std::numeric_limits<T>::quiet_NaN();
  const auto stays = [&](auto activation) {
    kernels::activation_forward(x.data(), y.data(), lanes, activation);
    CHECK(std::isnan(y[3]));
    CHECK_FALSE(std::isnan(y[2]));
  };
  stays(kernels::identity{});
  stays(kernels::relu{});
  stays(kernels::leaky_relu{0.2});
}

TEST_CASE("a sigmoid saturates without overflow") {
  array<float> x(lanes), y(lanes);
  x[0] = 1000;
  x[1] = -1000;
  kernels::activation_forward(x.data(), y.data(), lanes, kernels::sigmoid{});
  CHECK(y[0] == 1);
  CHECK(y[1] == doctest::Approx(0));
  CHECK(y[2] == 0.5f);
}

TEST_CASE("adds") {
  const auto a = numbers<float>(n, 1);
  auto b = numbers<float>(n, 2);
  array<float> y(n);
  kernels::add(a.data(), b.data(), y.data(), n);
  for (int i = 0; i < n; ++i) CHECK(y[i] == a[i] + b[i]);
  kernels::add(a.data(), b.data(), b.data(), n);
  CHECK(b == y);
}

}  // namespace
