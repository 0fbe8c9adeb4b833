// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/simd.hpp>
//
#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

TEST_CASE_TEMPLATE("a block is a whole number of registers", T, float, double) {
  constexpr int n = kernels::registers<kernels::native, T>;
  CHECK(n * kernels::width<kernels::native, T> == lanes);
  using tile = kernels::tile<kernels::native, T>;
  CHECK(tile::conv2d_outputs * tile::conv2d_pixels * n <= tile::vector_registers);
  CHECK(tile::template dense_outputs<tile::dense_blocks> * tile::dense_blocks * n <=
        tile::vector_registers);
}

TEST_CASE_TEMPLATE("multiplies, adds, sums and takes roots", T, float, double) {
  using kernels::native;
  const auto a = numbers<T>(lanes, 1), b = numbers<T>(lanes, 2), c = numbers<T>(lanes, 3);
  array<T> y(lanes), root(lanes);
  double sum = 0;
  kernels::for_each_register<native, T>(lanes, [&](std::ptrdiff_t i) {
    const auto product = kernels::load<native>(&a[i]);
    kernels::put<native>(
        &y[i], kernels::fma(product, kernels::load<native>(&b[i]), kernels::load<native>(&c[i])));
    kernels::put<native>(&root[i], kernels::sqrt(product * product));
    sum += static_cast<double>(kernels::sum(product));
  });
  double expected = 0;
  for (int l = 0; l < lanes; ++l) {
    expected += static_cast<double>(a[l]);
    CHECK(static_cast<double>(root[l]) == near<T>(std::abs(static_cast<double>(a[l]))));
    CHECK(
        static_cast<double>(y[l]) ==
        near<T>(static_cast<double>(a[l]) * static_cast<double>(b[l]) + static_cast<double>(c[l])));
  }
  CHECK(sum == near<T>(expected));
}

TEST_CASE("a view of a batch can be read as constant") {
  float values[32] = {};
  const kernels::blocked<float> view{values, 16};
  const kernels::blocked<const float> constant = view;
  CHECK(constant.block(1) == values + 16);
}

}  // namespace
