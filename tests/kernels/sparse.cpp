// SPDX-License-Identifier: BSL-1.0
// Dense layers on values that are mostly zero, against the same products with nothing left out.
#include <lamina/kernels/sparse.hpp>
//
#include <lamina/kernels/dense.hpp>
#include <lamina/kernels/dense_weights.hpp>
#include <lamina/kernels/one_image_dense.hpp>

#include <cmath>
#include <iterator>
#include <limits>
#include <vector>

#include "kernels/naive.hpp"
#include "sanitized.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;
using kernels::native;
namespace kd = kernels::detail;

enum class zeros { none, few, scattered, border, most, in_one_block, all };

/// Whether this feature of this image is zero.
bool is_zero(zeros where, int image, int i, int features) {
  switch (where) {
    case zeros::none:
      return false;
    case zeros::few:
      return (image * 7 + i * 5) % 5 == 0;
    case zeros::scattered:
      return (image * 7 + i * 5) % 3 != 0;
    case zeros::border:
      return i < features / 2 || (i / 20 + image) % 4 == 0;
    case zeros::most:
      return i < 8 || (image * 7 + i * 3) % 5 != 0;
    case zeros::in_one_block:
      return image < lanes && i % 4 != 0;
    case zeros::all:
      return true;
  }
  return false;
}

constexpr zeros everywhere[] = {zeros::none, zeros::few,          zeros::scattered, zeros::border,
                                zeros::most, zeros::in_one_block, zeros::all};

template <class T>
images<T> with_zeros(int count, int features, zeros where, unsigned seed) {
  images<T> x(count, features, 1, 1, seed);
  for (int image = 0; image < x.blocks * lanes; ++image)
    for (int i = 0; i < features; ++i)
      if (image >= count || is_zero(where, image, i, features)) x.at(image, i) = T(0);
  return x;
}

template <class T>
kernels::reading<T> reading(const images<T>& x) {
  return x.view();
}

/// Calls with(where the zeros are, images, extents): odd ones, and sums in several pieces.
template <class With>
void for_all(With with) {
  for (const zeros where : everywhere)
    for (const int count : {1, 16, 33, 100}) {
      CAPTURE(static_cast<int>(where));
      CAPTURE(count);
      for (const kernels::dense_extents e : {kernels::dense_extents{1, 1}, {65, 16}, {100, 140}})
        with(where, count, e);
      if (count == 33 && (where == zeros::border || !test::sanitized)) {
        with(where, count, kernels::dense_extents{1100, 140});
        with(where, count, kernels::dense_extents{140, 1100});
      }
    }
}

template <class T>
void check_forward(zeros where, int count, kernels::dense_extents e) {
  const auto x = with_zeros<T>(count, e.in, where, 1);
  const auto weights = numbers<T>(e.in * e.out, 2), bias = numbers<T>(e.out, 3);
  images<T> expected(count, e.out, 1, 1), found = expected, pieces = expected;
  const range blocks{0, x.blocks};
  kd::dense_blocks<native, T>(
      {weights.data(), e.in, 1, bias.data(), x.view(), expected.view(), e.in}, blocks, {0, e.out},
      {});
  const auto forward = [&](images<T>& y, range some, range outputs) {
    kernels::dense_forward(e, weights.data(), bias.data(), reading(x), y.view(), some, outputs,
                           kernels::identity{});
  };
  forward(found, blocks, {0, e.out});
  CHECK(found.values == expected.values);
  for (int b = 0; b < x.blocks; ++b)
    for (int o = 0; o < e.out; o += 25) forward(pieces, {b, b + 1}, {o, std::min(o + 25, e.out)});
  CHECK(pieces.values == expected.values);

  array<T> turned(e.in * e.out);
  kernels::turn_dense_weights(e, weights.data(), turned.data());
  images<T> by_turned(count, e.out, 1, 1);
  kernels::dense_forward(e, {weights.data(), turned.data()}, bias.data(), reading(x),
                         by_turned.view(), blocks, {0, e.out}, kernels::identity{});
  CHECK(by_turned.values == expected.values);
}

/// Images that lie one after the other, some with zeros and some without.
template <class T>
void check_few_images(int count, kernels::dense_extents e) {
  const auto bias = numbers<T>(e.out, 3), weights = numbers<T>(e.in * e.out, 2);
  auto x = numbers<T>(count * e.in, 1);
  for (int image = 0; image < count; ++image)
    for (int i = 0; i < e.in; ++i)
      if (is_zero(everywhere[image % std::ssize(everywhere)], image, i, e.in))
        x[image * e.in + i] = T(0);
  array<T> turned(e.in * e.out);
  kernels::turn_dense_weights(e, weights.data(), turned.data());
  const kernels::product_end<T, kernels::identity> end{bias.data(), nullptr, nullptr, {}};
  const std::ptrdiff_t stride = std::max(e.in, e.out);
  array<T> from(count * stride), together(count * stride), alone(count * stride);
  for (int image = 0; image < count; ++image)
    std::copy_n(x.data() + image * e.in, e.in, from.data() + image * stride);
  for (int o = 0; o < e.out; o += 50)
    kernels::dense_one_image(e, {weights.data(), turned.data()}, end,
                             static_cast<const T*>(from.data()), together.data(), count, stride,
                             {o, std::min(o + 50, e.out)});
  for (int image = 0; image < count; ++image)
    kernels::dense_one_image(e, {weights.data(), turned.data()}, end,
                             static_cast<const T*>(from.data()) + image * stride,
                             alone.data() + image * stride, 1, stride, {0, e.out});
  CHECK(together == alone);
  int wrong = 0;
  for (int image = 0; image < count; ++image)
    for (int o = 0; o < e.out; ++o) {
      double sum = static_cast<double>(bias[o]), size = std::abs(sum);
      for (int i = 0; i < e.in; ++i) {
        const double term =
            static_cast<double>(weights[o * e.in + i]) * static_cast<double>(x[image * e.in + i]);
        sum += term;
        size += std::abs(term);
      }
      const double error = std::abs(static_cast<double>(alone[image * stride + o]) - sum);
      wrong += error > 4 * static_cast<double>(std::numeric_limits<T>::epsilon()) * size ? 1 : 0;
    }
  CHECK(wrong == 0);
}

template <class T>
void check_input(zeros where, int count, kernels::dense_extents e) {
  const auto dy = with_zeros<T>(count, e.out, where, 4);
  const auto weights = numbers<T>(e.in * e.out, 2);
  images<T> expected(count, e.in, 1, 1), found = expected;
  const range blocks{0, dy.blocks};
  kd::dense_blocks<native, T>({weights.data(), 1, e.in, nullptr, dy.view(), expected.view(), e.out},
                              blocks, {0, e.in}, {});
  kernels::dense_backward_input(e, weights.data(), reading(dy), found.view(), blocks, {0, e.in});
  CHECK(found.values == expected.values);
}

template <class T>
void check_weights(zeros where, int count, kernels::dense_extents e) {
  const auto dy = with_zeros<T>(count, e.out, where, 4);
  const images<T> x(count, e.in, 1, 1, 5);
  images<T> xt(count, (e.in + 15) / 16 * 16, 1, 1);
  for (int b = 0; b < xt.blocks; ++b)
    kernels::transpose_block(e.in, x.view().block(b), xt.view().block(b));
  array<T> expected(e.in * e.out), found(e.in * e.out), db(e.out);
  kd::dense_weights_rows<native>(
      kd::dense_gradient<T>{reading(dy), reading(xt), dy.blocks, e.in, expected.data()},
      {0, e.out});
  kernels::dense_backward_weights(e, reading(dy), reading(xt), xt.blocks, found.data(), db.data(),
                                  {0, e.out});
  CHECK(found == expected);
}

}  // namespace

TEST_CASE_TEMPLATE("bits of the terms that are not zero", T, float, double) {
  for (const int n : {1, 15, 16, 33, 64}) {
    images<T> x(16, n, 1, 1, 5);
    for (int i = 0; i < n; ++i)
      for (int image = 0; image < lanes; ++image)
        if ((i * 3 + image * image) % 5 < 3) x.at(image, i) = image % 2 == 0 ? T(0) : -T(0);
    x.at(3, n - 1) = std::numeric_limits<T>::quiet_NaN();
    x.at(4, 0) = std::numeric_limits<T>::denorm_min();
    kd::term_bits found[lanes];
    kd::find_nonzero<native>(reading(x).block(0), n, found);
    for (int image = 0; image < lanes; ++image) {
      kd::term_bits expected = 0;
      for (int i = 0; i < n; ++i) expected |= kd::term_bits{x.at(image, i) == T(0) ? 0u : 1u} << i;
      CHECK(found[image] == expected);
    }
  }
}

TEST_CASE_TEMPLATE("what is mostly zero", T, float, double) {
  const auto is_sparse = [](int count, int features, zeros where, int most = 9) {
    const auto x = with_zeros<T>(count, features, where, 1);
    return kd::is_sparse<native>(reading(x), {0, x.blocks}, features, most);
  };
  for (const int count : {16, 32, 128}) {
    CHECK(is_sparse(count, 100, zeros::all));
    CHECK(is_sparse(count, 500, zeros::border) == (count > 16));  // 37 % are left
    CHECK_FALSE(is_sparse(count, 500, zeros::border, 5));
    CHECK_FALSE(is_sparse(count, 100, zeros::few));
    CHECK_FALSE(is_sparse(count, 100, zeros::none));
    CHECK_FALSE(is_sparse(count, 63, zeros::all));  // not worth it
  }
}

TEST_CASE_TEMPLATE("terms that are zero are left out to the same bits", T, float, double) {
  for_all(check_forward<T>);
  for_all(check_input<T>);
  for_all(check_weights<T>);
}

TEST_CASE_TEMPLATE("few images through weights that are turned round", T, float, double) {
  for (const kernels::dense_extents e :
       {kernels::dense_extents{64, 64}, {65, 71}, {611, 300}, {1100, 130}})
    for (const int count : {1, 2, 12, 37}) check_few_images<T>(count, e);
}

TEST_CASE_TEMPLATE("weights are turned round", T, float, double) {
  for (const kernels::dense_extents e :
       {kernels::dense_extents{1, 1}, {7, 9}, {65, 71}, {80, 64}}) {
    const auto weights = numbers<T>(e.in * e.out, 2);
    array<T> turned(e.in * e.out);
    kernels::turn_dense_weights(e, weights.data(), turned.data());
    int wrong = 0;
    for (int o = 0; o < e.out; ++o)
      for (int i = 0; i < e.in; ++i)
        wrong += turned[i * e.out + o] != weights[o * e.in + i] ? 1 : 0;
    CHECK(wrong == 0);
  }
}

TEST_CASE("what is zero is not read: no number that is not finite comes of it") {
  constexpr kernels::dense_extents e{64, 256};
  const float infinite = std::numeric_limits<float>::infinity();
  const auto x = with_zeros<float>(32, e.in, zeros::most, 1);
  auto weights = numbers<float>(e.in * e.out, 2);
  const auto finite = weights;
  for (int o = 0; o < e.out; ++o) weights[o * e.in] = infinite;  // of a pixel that all lack
  images<float> y(32, e.out, 1, 1), expected = y;
  const auto forward = [&](const array<float>& by, images<float>& to) {
    kernels::dense_forward(e, by.data(), static_cast<const float*>(nullptr), reading(x), to.view(),
                           {0, 2}, {0, e.out}, kernels::identity{});
  };
  forward(weights, y);
  forward(finite, expected);
  CHECK(y.values == expected.values);
}
