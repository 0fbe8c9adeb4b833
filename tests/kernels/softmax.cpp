// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/softmax.hpp>
//
#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

/// Softmax of one lane in double.
template <class T>
std::vector<double> naive(int n, const array<T>& x, int lane) {
  std::vector<double> y;
  double largest = static_cast<double>(x[lane]), sum = 0;
  for (int i = 0; i < n; ++i) largest = std::max(largest, static_cast<double>(x[i * lanes + lane]));
  for (int i = 0; i < n; ++i) {
    y.push_back(std::exp(static_cast<double>(x[i * lanes + lane]) - largest));
    sum += y.back();
  }
  for (double& v : y) v /= sum;
  return y;
}

TEST_CASE_TEMPLATE("softmax and its gradient", T, float, double) {
  for (const int n : {1, 10, 24}) {
    auto x = numbers<T>(n * lanes, 1);
    for (int i = 0; i < n * lanes; ++i) x[i] = x[i] * T(5) + T(200);
    const auto dy = numbers<T>(n * lanes, 2);
    array<T> y(n * lanes), dx(n * lanes);
    kernels::softmax_forward(n, x.data(), y.data());
    kernels::softmax_backward(n, y.data(), dy.data(), dx.data());
    for (int l = 0; l < lanes; ++l) {
      const auto expected = naive(n, x, l);
      double mean = 0;
      for (int i = 0; i < n; ++i)
        mean += expected[static_cast<std::size_t>(i)] * static_cast<double>(dy[i * lanes + l]);
      for (int i = 0; i < n; ++i) {
        const double p = expected[static_cast<std::size_t>(i)];
        CHECK(static_cast<double>(y[i * lanes + l]) == near<T>(p));
        CHECK(static_cast<double>(dx[i * lanes + l]) ==
              near<T>(p * (static_cast<double>(dy[i * lanes + l]) - mean)));
      }
    }
  }
}

template <class T>
void check_cross_entropy(int n, int live, double smoothing) {
  auto x = numbers<T>(n * lanes, 3);
  for (int i = 0; i < n * lanes; ++i) x[i] = x[i] * T(8);
  std::vector<int> labels(lanes, -1);  // a dead lane's is not read
  for (int l = 0; l < live; ++l) labels[static_cast<std::size_t>(l)] = (5 * l + 1) % n;
  array<T> probabilities(n * lanes), dx = numbers<T>(n * lanes, 4), loss = numbers<T>(lanes, 5);
  kernels::softmax_cross_entropy(n, x.data(), labels.data(), live, smoothing, T(0.125),
                                 probabilities.data(), dx.data(), loss.data());
  for (int l = 0; l < lanes; ++l) {
    const auto p = naive(n, x, l);
    double expected = 0;
    for (int i = 0; i < n; ++i) {
      const auto k = static_cast<std::size_t>(i);
      const double hit = i == labels[static_cast<std::size_t>(l)] ? 1 - smoothing : 0;
      const double target = hit + smoothing / n;
      expected -= target * std::log(p[k]);
      CHECK(static_cast<double>(probabilities[i * lanes + l]) == near<T>(p[k]));
      CHECK(static_cast<double>(dx[i * lanes + l]) ==
            near<T>(l < live ? (p[k] - target) * 0.125 : 0));
    }
    CHECK(static_cast<double>(loss[l]) == near<T>(l < live ? expected : 0));
    CHECK(loss[l] >= T(0));
  }
}

TEST_CASE_TEMPLATE("cross-entropy, its loss and its gradient", T, float, double) {
  for (const int n : {2, 10, 24})
    for (const int live : {1, 5, 16})
      for (const double smoothing : {0.0, 0.1}) check_cross_entropy<T>(n, live, smoothing);
}

TEST_CASE("a certain answer costs nothing, and no gradient need be asked for") {
  array<float> x(2 * lanes), probabilities(2 * lanes), loss(lanes);
  const std::vector<int> labels(lanes, 1);
  for (int l = 0; l < lanes; ++l) x[lanes + l] = 1000;
  float* none = nullptr;
  kernels::softmax_cross_entropy(2, x.data(), labels.data(), 16, 0, 1, probabilities.data(), none,
                                 loss.data());
  CHECK(loss[0] == 0);
  CHECK(probabilities[lanes] == 1);
}

TEST_CASE_TEMPLATE("argmax takes the first of equal ones, and the first of all where it is NaN", T,
                   float, double) {
  for (const int n : {1, 2, 10, 24, 103}) {
    auto x = numbers<T>(n * lanes, 7);
    for (int i = 0; i < n * lanes; ++i) x[i] = std::round(x[i] * T(3));  // many are equal
    x[0] = std::numeric_limits<T>::quiet_NaN();
    if (n > 1) x[lanes + 1] = std::numeric_limits<T>::quiet_NaN();
    int best[lanes];
    kernels::argmax(n, x.data(), best);
    for (int l = 0; l < lanes; ++l) {
      int expected = 0;
      for (int i = 1; i < n; ++i)
        if (x[i * lanes + l] > x[expected * lanes + l]) expected = i;
      CHECK(best[l] == expected);
    }
    CHECK(best[0] == 0);
  }
}

}  // namespace
