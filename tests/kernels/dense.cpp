// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/dense.hpp>
//
#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

template <class Arch, class T>
void check_forward(kernels::dense_extents e, int count) {
  const images<T> x(count, e.in, 1, 1, 1);
  const auto weights = numbers<T>(e.in * e.out, 2), bias = numbers<T>(e.out, 3);
  images<T> y(count, e.out, 1, 1), pieces = y;
  const range blocks{0, y.blocks};
  kernels::dense_forward<Arch>(e, weights.data(), bias.data(), x.view(), y.view(), blocks,
                               {0, e.out}, kernels::relu{});
  int wrong = 0;
  y.for_each([&](int image, int o, int, int) {
    expected_sum sum{static_cast<double>(bias[o]), 1};
    for (int i = 0; i < e.in; ++i)
      sum.add(static_cast<double>(weights[o * e.in + i]) * static_cast<double>(x.at(image, i)));
    sum.value = std::max(sum.value, 0.0);
    wrong += !sum.matches(y.at(image, o));
  });
  CHECK(wrong == 0);
  for (int b = 0; b < y.blocks; ++b)
    for (int o = 0; o < e.out; o += 4)
      kernels::dense_forward<Arch>(e, weights.data(), bias.data(), x.view(), pieces.view(),
                                   {b, b + 1}, {o, std::min(o + 4, e.out)}, kernels::relu{});
  CHECK(y.values == pieces.values);
}

/// Packed weights give the bits of those in rows, of all blocks or some.
template <class Arch, class T>
void check_packed(kernels::dense_extents e, int count) {
  CAPTURE(e.out);
  CAPTURE(count);
  const images<T> x(count, e.in, 1, 1, 1);
  const auto weights = numbers<T>(e.in * e.out, 2), bias = numbers<T>(e.out, 3);
  array<T> packed(e.in * e.out);
  kernels::pack_dense_weights<Arch>(e, weights.data(), packed.data());
  images<T> expected(count, e.out, 1, 1), y = expected, pieces = expected;
  const auto forward = [&](const T* in_tiles, images<T>& to, range blocks, range outputs,
                           auto activation) {
    kernels::dense_forward<Arch>(
        e, {weights.data(), nullptr, in_tiles}, bias.data(), x.view(), to.view(), blocks, outputs,
        activation, kernels::lines_of(weights.data(), static_cast<std::size_t>(e.in * e.out)));
  };
  const auto all = [&](auto activation) {
    forward(nullptr, expected, {0, y.blocks}, {0, e.out}, activation);
    forward(packed.data(), y, {0, y.blocks}, {0, e.out}, activation);
    CHECK(y.values == expected.values);
  };
  all(kernels::identity{});
  all(kernels::leaky_relu{0.25});
  all(kernels::relu{});
  for (int b = 0; b < y.blocks; ++b)
    forward(packed.data(), pieces, {b, b + 1}, {0, e.out}, kernels::relu{});
  CHECK(pieces.values == expected.values);
  forward(packed.data(), pieces, {0, y.blocks}, {3, e.out - 2}, kernels::identity{});
  forward(nullptr, expected, {0, y.blocks}, {3, e.out - 2}, kernels::identity{});
  CHECK(pieces.values == expected.values);
}

/// An activation that the product ends in has the bits of one behind it.
template <class Arch, class T, class Activation>
void check_activation(kernels::dense_extents e, int count, Activation activation) {
  const images<T> x(count, e.in, 1, 1, 1);
  const auto weights = numbers<T>(e.in * e.out, 2), bias = numbers<T>(e.out, 3);
  images<T> sums(count, e.out, 1, 1), y = sums;
  const range blocks{0, y.blocks}, outputs{0, e.out};
  kernels::dense_forward<Arch>(e, weights.data(), bias.data(), x.view(), sums.view(), blocks,
                               outputs, kernels::identity{});
  kernels::activation_forward<Arch>(sums.values.data(), sums.values.data(),
                                    static_cast<std::ptrdiff_t>(sums.values.size()), activation);
  kernels::dense_forward<Arch>(e, weights.data(), bias.data(), x.view(), y.view(), blocks, outputs,
                               activation);
  CHECK(y.values == sums.values);
}

/// How many values of dx are not the transposed weights times dy.
template <class T>
int wrong_input_gradients(kernels::dense_extents e, const array<T>& weights, const images<T>& dy,
                          const images<T>& dx) {
  int wrong = 0;
  dx.for_each([&](int image, int i, int, int) {
    expected_sum sum;
    for (int o = 0; o < e.out; ++o)
      sum.add(static_cast<double>(weights[o * e.in + i]) * static_cast<double>(dy.at(image, o)));
    wrong += !sum.matches(dx.at(image, i));
  });
  return wrong;
}

template <class Arch, class T>
void check_backward(kernels::dense_extents e, int count) {
  images<T> dy(count, e.out, 1, 1, 4);
  const auto weights = numbers<T>(e.in * e.out, 5);
  images<T> dx(count, e.in, 1, 1), pieces = dx;
  kernels::dense_backward_input<Arch>(e, weights.data(), dy.view(), dx.view(), {0, dx.blocks},
                                      {0, e.in});
  CHECK(wrong_input_gradients(e, weights, dy, dx) == 0);
  for (int b = 0; b < dx.blocks; ++b)
    for (int i = 0; i < e.in; i += 5)
      kernels::dense_backward_input<Arch>(e, weights.data(), dy.view(), pieces.view(), {b, b + 1},
                                          {i, std::min(i + 5, e.in)});
  CHECK(dx.values == pieces.values);

  // behind relu, to the bit what two steps give
  const images<T> x(count, e.in, 1, 1, 8);
  kernels::activation_backward<Arch>(x.values.data(), dx.values.data(), dx.values.data(),
                                     static_cast<std::ptrdiff_t>(dx.values.size()),
                                     kernels::relu{});
  kernels::dense_backward_input<Arch>(e, weights.data(), dy.view(), pieces.view(), {0, dx.blocks},
                                      {0, e.in}, kernels::relu{}, x.view());
  CHECK(dx.values == pieces.values);
}

/// The sums of two halves of the outputs, behind relu and behind nothing.
template <class Arch, class T>
void check_backward_in_halves(kernels::dense_extents e, int count) {
  const images<T> dy(count, e.out, 1, 1, 4), x(count, e.in, 1, 1, 8);
  const auto weights = numbers<T>(e.in * e.out, 5);
  images<T> first(count, e.in, 1, 1), second = first, behind_relu = first;
  const auto half = [&](range outputs, images<T>& to) {
    kernels::dense_backward_input_of<Arch>(outputs, e, weights.data(), dy.view(), to.view(),
                                           {0, to.blocks}, {0, e.in});
  };
  const auto add = [&](images<T>& to, auto activation) {
    kernels::dense_add_input_gradient<Arch>(e, second.view(), to.view(), {0, to.blocks}, {0, e.in},
                                            activation, x.view());
  };
  half({0, e.out / 2}, first);
  half({e.out / 2, e.out}, second);
  behind_relu = first;
  add(first, kernels::identity{});
  add(behind_relu, kernels::relu{});
  CHECK(wrong_input_gradients(e, weights, dy, first) == 0);
  int wrong = 0;
  first.for_each([&](int image, int i, int, int) {
    wrong += behind_relu.at(image, i) != (x.at(image, i) > 0 ? first.at(image, i) : T(0));
  });
  CHECK(wrong == 0);
}

template <class Arch, class T>
void check(int in, int out, int count) {
  CAPTURE(in);
  CAPTURE(out);
  CAPTURE(count);
  check_forward<Arch, T>({in, out}, count);
  check_backward<Arch, T>({in, out}, count);
  if (out > 1) check_backward_in_halves<Arch, T>({in, out}, count);
}

TEST_CASE_TEMPLATE("dense layers match a naive loop, whole or in pieces", T, float, double) {
  for (const int count : {1, 16, 33}) {
    check<kernels::native, T>(1, 1, count);
    check<kernels::native, T>(3, 17, count);
    check<kernels::native, T>(17, 3, count);
    check<kernels::native, T>(300, 29, count);
  }
  check<kernels::native, T>(784, 10, 17);
  check<kernels::native, T>(24, 400, 48);
  check<kernels::native, T>(100, 900, 33);  // panels and pieces of the sums
  check<kernels::native, T>(900, 100, 17);
}

TEST_CASE_TEMPLATE("any number of outputs of as many images as a tile takes", T, float, double) {
  for (int out = 1; out < 26; ++out) {
    CAPTURE(out);
    check_forward<kernels::native, T>({7, out}, 65);
  }
  check_forward<kernels::native, T>({900, 23}, 65);
}

TEST_CASE_TEMPLATE("packed weights have the bits of rows", T, float, double) {
  for (int out = 10; out < 72; ++out)
    if (kernels::packs_dense_outputs<kernels::native, T>(out))
      check_packed<kernels::native, T>({33, out}, 65);
  for (const int count : {1, 17, 33, 65, 128, 150})
    check_packed<kernels::native, T>({70, 100}, count);
  check_packed<kernels::native, T>({900, 65}, 65);  // pieces of the terms
}

TEST_CASE_TEMPLATE("tiles of packed weights hold all outputs, or there are none", T, float,
                   double) {
  for (int out = 1; out < 200; ++out) {
    int next = 0;
    const auto tiles = kernels::detail::dense_packed_tiles_of<kernels::native, T>(out);
    kernels::detail::for_each_packed_tile<kernels::native, T>(tiles, [&](int size, int first) {
      CHECK(first == next);
      next += size;
    });
    CHECK(next == (kernels::packs_dense_outputs<kernels::native, T>(out) ? out : 0));
    if (out >= 64) CHECK(next == out);
  }
  CHECK(kernels::packs_dense_outputs<kernels::native, T>(10));
}

TEST_CASE("the last tiles ask for what is read soon, each line once") {
  const char memory[64 * 20] = {};
  const auto asked = [&](std::ptrdiff_t lines, int tiles) {
    kernels::detail::lines_of_tiles ahead({memory, lines}, tiles, 22, 4);  // six lines a tile
    std::vector<std::ptrdiff_t> places;
    for (int i = 0; i < tiles; ++i) {
      const char* const at = ahead.next();
      places.push_back(at == nullptr ? -1 : (at - memory) / 64);
    }
    return places;
  };
  CHECK(asked(0, 3) == std::vector<std::ptrdiff_t>{-1, -1, -1});
  CHECK(asked(6, 3) == std::vector<std::ptrdiff_t>{-1, -1, 0});
  CHECK(asked(7, 3) == std::vector<std::ptrdiff_t>{-1, 0, 6});
  CHECK(asked(20, 3) == std::vector<std::ptrdiff_t>{0, 6, 12});  // two lines are left
  CHECK(kernels::lines_of(memory, 65).lines == 2);
}

TEST_CASE_TEMPLATE("a product ends in its activation", T, float, double) {
  for (const kernels::dense_extents e : {kernels::dense_extents{9, 22}, {900, 13}}) {
    check_activation<kernels::native, T>(e, 65, kernels::relu{});
    check_activation<kernels::native, T>(e, 65, kernels::leaky_relu{0.25});
  }
}

TEST_CASE("a dense layer needs no bias") {
  const images<float> x(3, 5, 1, 1, 6);
  const auto weights = numbers<float>(5, 7);
  images<float> y(3, 1, 1, 1);
  const float* no_bias = nullptr;
  kernels::dense_forward({5, 1}, weights.data(), no_bias, x.view(), y.view(), {0, 1}, {0, 1},
                         kernels::identity{});
  float expected = 0;
  for (int i = 0; i < 5; ++i) expected += weights[i] * x.at(2, i);
  CHECK(y.at(2, 0) == doctest::Approx(expected));
}

}  // namespace
