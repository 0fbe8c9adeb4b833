// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/pool.hpp>
//
#include "kernels/poolings.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

TEST_CASE_TEMPLATE("max-pooling: the first of equal values wins", T, float, double) {
  for (const auto& e : many_extents()) {
    const sizes size(e);
    const auto x = ties<T>(size.in), dy = numbers<T>(size.out, 2);
    array<T> y(size.out), dx = numbers<T>(size.in, 3);
    for (const range part : {range{0, 1}, range{1, channels}}) {
      kernels::max_pool_forward(e, x.data(), y.data(), part);
      kernels::max_pool_backward(e, x.data(), dy.data(), dx.data(), part);
    }
    const auto expected = naive_max_pool(e, x, dy, [](int, T v) { return v; });
    CHECK(differences(expected.y, y) == 0);
    CHECK(differences(expected.dx, dx) == 0);
  }
}

TEST_CASE_TEMPLATE("average pooling leaves the padding out", T, float, double) {
  for (const auto& e : many_extents()) {
    const sizes size(e);
    const auto x = numbers<T>(size.in, 1), dy = numbers<T>(size.out, 2);
    array<T> y(size.out), dx = numbers<T>(size.in, 3);
    kernels::average_pool_forward(e, x.data(), y.data(), {0, channels});
    kernels::average_pool_backward(e, x.data(), dy.data(), dx.data(), {0, channels});
    std::vector<double> mean(static_cast<std::size_t>(size.out));
    std::vector<double> gradient(static_cast<std::size_t>(size.in));
    for_each_output(e, [&](int c, int row, int column, int o, int lane) {
      int n = 0;
      for_each_input(e, c, row, column, lane, [&](int) { ++n; });
      for_each_input(e, c, row, column, lane, [&](int i) {
        mean[static_cast<std::size_t>(o)] += static_cast<double>(x[i]) / n;
        gradient[static_cast<std::size_t>(i)] += static_cast<double>(dy[o]) / n;
      });
    });
    CHECK(differences(mean, y) == 0);
    CHECK(differences(gradient, dx) == 0);
  }
}

}  // namespace
