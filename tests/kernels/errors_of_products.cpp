// SPDX-License-Identifier: BSL-1.0
// Dense layers and convolutions: errors against double, no larger than those of plain sums.
#include <lamina/kernels/conv2d_backward_input.hpp>
#include <lamina/kernels/conv2d_pack.hpp>
#include <lamina/kernels/conv2d_weights.hpp>
#include <lamina/kernels/dense.hpp>
#include <lamina/kernels/dense_weights.hpp>
#include <lamina/kernels/layout.hpp>
#include <lamina/kernels/one_image_conv2d.hpp>
#include <lamina/kernels/one_image_dense.hpp>
#include <lamina/kernels/winograd_weights.hpp>
//
#include "kernels/convolutions.hpp"
#include "kernels/errors.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

constexpr kernels::window<3, 3> taps;

TEST_CASE("dense forward and towards the input err as the plain sum does, or less") {
  const kernels::dense_extents e{784, 64};
  images<float> x(16, e.in, 1, 1, 1), y(16, e.out, 1, 1);
  make_positive(x);
  const auto weights = numbers<float>(e.in * e.out, 2), bias = numbers<float>(e.out, 3);
  kernels::dense_forward(e, weights.data(), bias.data(), x.view(), y.view(), {0, 1}, {0, e.out},
                         kernels::identity{});
  errors forward;
  y.for_each([&](int image, int o, int, int) {
    two_sums sum{bias[o], static_cast<double>(bias[o])};
    for (int i = 0; i < e.in; ++i) sum.add(weights[o * e.in + i], x.at(image, i));
    forward.add(sum, y.at(image, o));
  });
  forward.check("dense forward", e.in);

  const kernels::dense_extents back{64, 512};
  const images<float> dy(16, back.out, 1, 1, 4);
  images<float> dx(16, back.in, 1, 1);
  kernels::dense_backward_input(back, weights.data(), dy.view(), dx.view(), {0, 1}, {0, back.in});
  errors input;
  dx.for_each([&](int image, int i, int, int) {
    two_sums sum;
    for (int o = 0; o < back.out; ++o) sum.add(weights[o * back.in + i], dy.at(image, o));
    input.add(sum, dx.at(image, i));
  });
  input.check("dense input", back.out);
}

TEST_CASE("dense towards the weights") {
  const kernels::dense_extents e{32, 1024};
  const int count = 128;
  images<float> x(count, e.in, 1, 1, 1), dy(count, e.out, 1, 1, 2), xt = x;
  make_positive(x);
  for (int b = 0; b < x.blocks; ++b)
    kernels::transpose_block(e.in, x.view().block(b), xt.view().block(b));
  array<float> dw(e.in * e.out), db(e.out);
  kernels::dense_backward_weights(e, dy.view(), xt.view(), x.blocks, dw.data(), db.data(),
                                  {0, e.out});
  errors weights, biases;
  for (int o = 0; o < e.out; ++o) {
    two_sums bias;
    for (int image = 0; image < count; ++image) bias.add(dy.at(image, o));
    biases.add(bias, db[o]);
    for (int i = 0; i < e.in; ++i) {
      two_sums sum;
      for (int image = 0; image < count; ++image) sum.add(dy.at(image, o), x.at(image, i));
      weights.add(sum, dw[o * e.in + i]);
    }
  }
  weights.check("dense weights", count);
  biases.check("dense bias", count);
}

void check_one_image(const char* name, bool with_zeros) {
  const kernels::dense_extents e{784, 1024};
  const auto weights = numbers<float>(e.in * e.out, 2);
  auto x = numbers<float>(e.in, 3);
  if (with_zeros)
    for (int i = 0; i < e.in; ++i) x[i] = i % 2 == 0 ? x[i] : 0.0f;
  array<float> y(e.out), turned(e.in * e.out);
  kernels::turn_dense_weights(e, weights.data(), turned.data());
  kernels::dense_one_image(
      e, {weights.data(), turned.data()},
      kernels::product_end<float, kernels::identity>{nullptr, nullptr, nullptr, {}},
      static_cast<const float*>(x.data()), y.data(), 1, 0, {0, e.out});
  errors all;
  for (int o = 0; o < e.out; ++o) {
    two_sums sum;
    for (int i = 0; i < e.in; ++i)
      if (x[i] != 0) sum.add(weights[o * e.in + i], x[i]);
    all.add(sum, y[o]);
  }
  all.check(name, with_zeros ? e.in / 2 : e.in);
}

TEST_CASE("dense for one image") {
  check_one_image("dense forward, one image", false);
  check_one_image("dense forward, one image, with zeros", true);
}

/// Weights of a convolution as its kernels read them.
array<float> packed(const kernels::conv2d_extents& e, const array<float>& weights, bool forward) {
  array<float> to(
      static_cast<std::ptrdiff_t>(kernels::conv2d_packed_size<kernels::native, float>(taps, e)));
  if (forward)
    kernels::conv2d_pack_forward(taps, e, weights.data(), to.data());
  else
    kernels::conv2d_pack_backward_input(taps, e, weights.data(), to.data());
  return to;
}

/// The convolution at one output pixel; x(channel, row, column).
template <class X>
two_sums convolved(const kernels::conv2d_extents& e, const array<float>& weights, int o, int row,
                   int column, X x) {
  two_sums sum;
  for (int c = 0; c < e.in_channels; ++c)
    for_each_tap(taps, e, row, column, [&](int iy, int ix, int tap) {
      sum.add(weights[(o * e.in_channels + c) * 9 + tap], x(c, iy, ix));
    });
  return sum;
}

TEST_CASE("conv2d forward, a batch and one image") {
  const auto e = extents(taps, true, 75, 7, 7, 25);
  const auto weights = numbers<float>(e.out_channels * e.in_channels * 9, 2);
  const auto fixed = packed(e, weights, true);
  images<float> x(16, e.in_channels, 7, 7, 1), y(16, e.out_channels, 7, 7);
  make_positive(x);
  const float* no_bias = nullptr;
  kernels::conv2d_forward(taps, e, fixed.data(), no_bias, x.view(), y.view(), {0, 1},
                          {0, e.out_channels}, kernels::identity{});
  errors batch, one;
  y.for_each([&](int image, int o, int row, int column) {
    batch.add(convolved(e, weights, o, row, column,
                        [&](int c, int iy, int ix) { return x.at(image, c, iy, ix); }),
              y.at(image, o, row, column));
  });
  batch.check("conv2d forward", e.in_channels * 9);

  const auto in = kernels::layout_of_image(e.in_channels, 7, 7, 1);
  const auto out = kernels::layout_of_image(e.out_channels, 7, 7, 0);
  array<float> spread(in.size()), result(out.size());
  array<float> scratch(static_cast<std::ptrdiff_t>(
      kernels::conv2d_one_image_scratch<kernels::native, float>(e, 1, in.pitch)));
  for (int c = 0; c < e.in_channels; ++c)
    for (int row = 0; row < 7; ++row)
      for (int k = 0; k < 7; ++k) spread[in.at(c, row) + k] = x.at(0, c, row, k);
  const kernels::product_end<float, kernels::identity> end{nullptr, nullptr, nullptr, {}};
  kernels::conv2d_one_image(taps, e, static_cast<const float*>(fixed.data()), end, in,
                            static_cast<const float*>(spread.data()), kernels::pool_extents{}, out,
                            result.data(), scratch.data(), {0, e.out_channels});
  for (int o = 0; o < e.out_channels; ++o)
    for (int row = 0; row < 7; ++row)
      for (int k = 0; k < 7; ++k)
        one.add(convolved(e, weights, o, row, k,
                          [&](int c, int iy, int ix) { return x.at(0, c, iy, ix); }),
                result[out.at(o, row) + k]);
  one.check("conv2d forward, one image", e.in_channels * 9);
}

TEST_CASE("conv2d towards the input") {
  const auto e = extents(taps, true, 5, 7, 7, 50);
  const auto weights = numbers<float>(e.out_channels * e.in_channels * 9, 2);
  const auto fixed = packed(e, weights, false);
  const images<float> dy(16, e.out_channels, 7, 7, 1);
  images<float> dx(16, e.in_channels, 7, 7);
  kernels::conv2d_backward_input(taps, e, fixed.data(), dy.view(), dx.view(), {0, 1},
                                 {0, e.in_channels});
  errors all;
  dx.for_each([&](int image, int c, int row, int column) {
    two_sums sum;  // in the kernel's order
    for (int o = 0; o < e.out_channels; ++o)
      for (int ky = 2; ky >= 0; --ky)
        for (int kx = 2; kx >= 0; --kx) {
          const int y = row - ky + 1, x = column - kx + 1;
          if (y >= 0 && y < 7 && x >= 0 && x < 7)
            sum.add(weights[((o * e.in_channels + c) * 3 + ky) * 3 + kx], dy.at(image, o, y, x));
        }
    all.add(sum, dx.at(image, c, row, column));
  });
  all.check("conv2d input", e.out_channels * 9);
}

TEST_CASE("conv2d towards the weights") {
  const auto e = extents(taps, true, 4, 14, 14, 28);
  const int count = 32;
  images<float> x(count, e.in_channels, 14, 14, 1);
  const images<float> dy(count, e.out_channels, 14, 14, 2);
  make_positive(x);
  array<float> dw(e.out_channels * e.in_channels * 9), db(e.out_channels);
  kernels::conv2d_backward_weights(taps, e, dy.view(), x.view(), x.blocks, dw.data(), db.data(),
                                   {0, e.out_channels});
  std::vector<two_sums> sums(static_cast<std::size_t>(dw.size()));
  dy.for_each([&](int image, int o, int row, int column) {
    const float g = dy.at(image, o, row, column);
    for_each_tap(taps, e, row, column, [&](int iy, int ix, int tap) {
      for (int c = 0; c < e.in_channels; ++c)
        sums[static_cast<std::size_t>((o * e.in_channels + c) * 9 + tap)].add(
            g, x.at(image, c, iy, ix));
    });
  });
  errors all;
  for (std::ptrdiff_t i = 0; i < dw.size(); ++i) all.add(sums[static_cast<std::size_t>(i)], dw[i]);
  all.check("conv2d weights", count * 14 * 14);
}

TEST_CASE("conv2d by Winograd's products, in all three directions") {
  const auto e = extents(taps, true, 75, 14, 14, 50);
  const auto turned = kernels::winograd_turned(e);
  const auto weights = numbers<float>(e.out_channels * e.in_channels * 9, 2);
  const auto make_packed = [](const kernels::conv2d_extents& of) {
    return array<float>(
        static_cast<std::ptrdiff_t>(kernels::winograd_packed_size<kernels::native, float>(of)));
  };
  array<float> fixed = make_packed(e), fixed_back = make_packed(turned);
  kernels::winograd_pack_forward(e, weights.data(),
                                 {0, kernels::winograd_packed_tiles<kernels::native, float>(e)},
                                 fixed.data());
  kernels::winograd_pack_backward_input(
      e, weights.data(), {0, kernels::winograd_packed_tiles<kernels::native, float>(turned)},
      fixed_back.data());
  array<float> scratch(static_cast<std::ptrdiff_t>(
      std::max({kernels::winograd_scratch<kernels::native, float>(e),
                kernels::winograd_scratch<kernels::native, float>(turned),
                kernels::winograd_weights_scratch<kernels::native, float>(e)})));
  const int count = 32;
  images<float> x(count, e.in_channels, 14, 14, 1), y(count, e.out_channels, 14, 14);
  images<float> dy(count, e.out_channels, 14, 14, 2), dx = x;
  make_positive(x);
  const float* no_bias = nullptr;
  kernels::winograd_forward(e, fixed.data(), no_bias, x.view(), y.view(), {0, 2}, {0, 7},
                            scratch.data(), kernels::identity{});
  kernels::winograd_backward_input(e, fixed_back.data(), dy.view(), dx.view(), {0, 2}, {0, 7},
                                   scratch.data());
  errors forward, input;
  for (int image = 0; image < count; image += 11)
    for (int row = 0; row < 14; row += 3)
      for (int column = 0; column < 14; ++column) {
        for (int o = 0; o < e.out_channels; o += 7)
          forward.add(convolved(e, weights, o, row, column,
                                [&](int c, int iy, int ix) { return x.at(image, c, iy, ix); }),
                      y.at(image, o, row, column));
        for (int c = 0; c < e.in_channels; c += 7) {
          two_sums sum;
          for (int o = 0; o < e.out_channels; ++o)
            for_each_tap(taps, e, row, column, [&](int iy, int ix, int tap) {
              sum.add(weights[(o * e.in_channels + c) * 9 + 8 - tap], dy.at(image, o, iy, ix));
            });
          input.add(sum, dx.at(image, c, row, column));
        }
      }
  forward.check("Winograd forward", e.in_channels * 9);
  input.check("Winograd input", e.out_channels * 9);

  array<float> du(static_cast<std::ptrdiff_t>(kernels::winograd_gradient_size(e)));
  array<float> dw(e.out_channels * e.in_channels * 9), db(e.out_channels);
  kernels::winograd_backward_positions(e, dy.view(), x.view(), x.blocks, {0, 4}, {0, 5},
                                       scratch.data(), du.data());
  kernels::winograd_finish_weights(e, static_cast<const float*>(du.data()), dy.view(), x.blocks,
                                   dw.data(), db.data(), {0, e.out_channels});
  errors gradient;
  for (int o = 0; o < e.out_channels; o += 7)
    for (int c = 0; c < e.in_channels; c += 5) {
      std::vector<two_sums> sums(9);
      for (int image = 0; image < count; ++image)
        for (int row = 0; row < 14; ++row)
          for (int column = 0; column < 14; ++column)
            for_each_tap(taps, e, row, column, [&](int iy, int ix, int tap) {
              sums[static_cast<std::size_t>(tap)].add(dy.at(image, o, row, column),
                                                      x.at(image, c, iy, ix));
            });
      for (int tap = 0; tap < 9; ++tap)
        gradient.add(sums[static_cast<std::size_t>(tap)], dw[(o * e.in_channels + c) * 9 + tap]);
    }
  gradient.check("Winograd weights", count * 14 * 14);
}

}  // namespace
