// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/conv2d_pool.hpp>
//
#include "kernels/convolutions.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

/// Everything that the fused kernels and the separate ones work on.
template <class T, class Window>
struct network_start {
  network_start(Window w, const kernels::conv2d_extents& product, const kernels::pool_extents& pool,
                int count)
      : w(w),
        e{product, pool},
        count(count),
        x(count, product.in_channels, product.in_height, product.in_width, 1),
        conv(count, product.out_channels, product.out_height, product.out_width),
        y(count, pool.channels, pool.out_height, pool.out_width),
        pooled(y),
        normalised(y),
        dy(count, pool.channels, pool.out_height, pool.out_width, 2),
        weights(numbers<T>(product.out_channels * terms(), 3)),
        packed(static_cast<std::ptrdiff_t>(
            kernels::conv2d_packed_size<kernels::native, T>(w, product))),
        scratch(static_cast<std::ptrdiff_t>(kernels::conv2d_pool_scratch<kernels::native, T>(e))) {
    dy.clear_dead_lanes();
    kernels::conv2d_pack_forward(w, product, weights.data(), packed.data());
  }

  int channels() const { return e.product.out_channels; }
  int terms() const { return e.product.in_channels * taps_of(w); }
  template <int KH, int KW, int SH, int SW>
  static int taps_of(kernels::window<KH, KW, SH, SW>) {
    return KH * KW;
  }
  kernels::plane_extents planes() const {
    return {channels(), e.product.out_height * e.product.out_width};
  }
  kernels::plane_extents pooled_planes() const {
    return {channels(), e.pool.out_height * e.pool.out_width};
  }
  kernels::conv2d_pool_operands<T> operands() {
    return {e, packed.data(), bias.data(), scratch.data()};
  }
  void scale_as_measured() {
    for (int c = 0; c < channels(); ++c) {
      inverse[c] = T(1) / std::sqrt(variance[c] + T(0.1));
      scale[c] = gamma[c] * inverse[c];
      shift[c] = beta[c] - mean[c] * scale[c];
    }
  }

  template <class Activation>
  void separately(Activation activation) {
    const range blocks{0, x.blocks}, all{0, channels()};
    kernels::conv2d_forward(w, e.product, packed.data(), bias.data(), x.view(), conv.view(), blocks,
                            all, activation);
    kernels::batch_norm_statistics(planes(), conv.view(), count, mean.data(), variance.data(), all);
    scale_as_measured();
    for (int b = 0; b < x.blocks; ++b)
      kernels::scale_shift_max_pool_forward(e.pool, conv.view().block(b), y.view().block(b),
                                            scale.data(), shift.data(), all);
    kernels::batch_norm_max_pool_backward_sums(e.pool, conv.view(), dy.view(), x.blocks,
                                               mean.data(), inverse.data(), scale.data(),
                                               shift.data(), dgamma.data(), dbeta.data(), all);
    images<T> dx(count, channels(), e.product.out_height, e.product.out_width);
    kernels::batch_norm_max_pool_backward_input(
        e.pool, conv.view(), dy.view(), dx.view(), count, mean.data(), inverse.data(), gamma.data(),
        dgamma.data(), dbeta.data(), scale.data(), shift.data(), blocks, all, activation);
    kernels::conv2d_backward_weights(w, e.product, dx.view(), x.view(), x.blocks, dw.data(),
                                     db.data(), all);
  }

  template <class Activation>
  void as_one(range part, Activation activation) {
    const range blocks{0, x.blocks};
    kernels::conv2d_pool_statistics(w, operands(), x.view(), count, gamma.data(), pooled.view(),
                                    mean.data(), variance.data(), part, activation);
    scale_as_measured();
    const T* s = scale.data();
    const T* t = shift.data();
    kernels::conv2d_pool_forward(w, operands(), x.view(), y.view(), s, t, blocks, part, activation);
    for (int b = 0; b < x.blocks; ++b)
      kernels::scale_shift(pooled_planes(), static_cast<const T*>(pooled.view().block(b)),
                           normalised.view().block(b), s, t, part);
    kernels::batch_norm_backward_sums(pooled_planes(), pooled.view(), dy.view(), x.blocks,
                                      mean.data(), inverse.data(), dgamma.data(), dbeta.data(),
                                      part);
    if (terms() <= kernels::conv2d_pool_terms)
      kernels::conv2d_pool_backward_weights(
          w, operands(), x.view(), pooled.view(), dy.view(), count, mean.data(), inverse.data(),
          gamma.data(), dgamma.data(), dbeta.data(), dw.data(), db.data(), part, activation);
  }

  Window w;
  kernels::conv2d_pool_extents e;
  int count;
  images<T> x, conv, y, pooled, normalised, dy;
  array<T> weights, packed, scratch;
  array<T> bias = numbers<T>(channels(), 4), gamma = numbers<T>(channels(), 5);
  array<T> beta = numbers<T>(channels(), 6);
  array<T> mean{channels()}, variance{channels()}, inverse{channels()};
  array<T> scale{channels()}, shift{channels()}, dgamma{channels()}, dbeta{channels()};
  array<T> dw{channels() * terms()}, db{channels()};
};

template <class T>
int differences(const array<T>& expected, const array<T>& got, double tolerance) {
  int wrong = 0;
  for (std::ptrdiff_t i = 0; i < expected.size(); ++i) {
    const double value = static_cast<double>(expected[i]);
    wrong += !(std::abs(static_cast<double>(got[i]) - value) <= tolerance * (1 + std::abs(value)));
  }
  return wrong;
}

template <class T>
int differences(const images<T>& expected, const images<T>& got, double tolerance) {
  int wrong = 0;
  expected.for_each([&](int image, int c, int row, int column) {
    const double value = static_cast<double>(expected.at(image, c, row, column));
    wrong += !(std::abs(static_cast<double>(got.at(image, c, row, column)) - value) <=
               tolerance * (1 + std::abs(value)));
  });
  return wrong;
}

/// The pool of side `side` that covers the output of the convolution, padded as Keras pads.
kernels::pool_extents covering(const kernels::conv2d_extents& e, int side) {
  const auto outputs = [&](int n) { return (n + side - 1) / side; };
  const auto pad = [&](int n) { return (outputs(n) * side - n) / 2; };
  return {
      e.out_channels, e.out_height, e.out_width, outputs(e.out_height), outputs(e.out_width), side,
      side,           side,         side,        pad(e.out_height),     pad(e.out_width)};
}

template <class T, class Window, class Activation>
void check(Window w, const kernels::conv2d_extents& product, int side, int count,
           Activation activation) {
  const auto pool = covering(product, side);
  REQUIRE(kernels::pools_each_pixel_once(pool));
  CAPTURE(product.in_height);
  CAPTURE(product.out_channels);
  CAPTURE(side);
  CAPTURE(count);
  network_start<T, Window> expected(w, product, pool, count), got(w, product, pool, count);
  expected.separately(activation);
  const int tile = kernels::conv2d_output_tile<kernels::native, T>;
  const int middle = std::min(tile, product.out_channels);
  got.as_one({0, middle}, activation);
  got.as_one({middle, product.out_channels}, activation);
  const double tolerance = 2000 * static_cast<double>(std::numeric_limits<T>::epsilon());
  CHECK(differences(expected.mean, got.mean, tolerance) == 0);
  CHECK(differences(expected.variance, got.variance, tolerance) == 0);
  CHECK(differences(expected.y, got.y, tolerance) == 0);
  CHECK(differences(got.y, got.normalised, 0) == 0);
  CHECK(differences(expected.dgamma, got.dgamma, tolerance) == 0);
  CHECK(differences(expected.dbeta, got.dbeta, tolerance) == 0);
  if (expected.terms() > kernels::conv2d_pool_terms) return;
  CHECK(differences(expected.dw, got.dw, tolerance) == 0);
  CHECK(differences(expected.db, got.db, tolerance) == 0);
}

TEST_CASE_TEMPLATE("a convolution that is never stored, against one that is", T, float, double) {
  const kernels::window<3, 3> three;
  for (const int count : {1, 3, 16, 17, 33})
    for (const int channels : {1, 5, 7}) {
      check<T>(three, extents(three, true, 1, 8, 9, channels), 2, count, kernels::relu{});
      check<T>(three, extents(three, false, 1, 9, 10, channels), 3, count, kernels::identity{});
    }
  const kernels::window<2, 5, 2, 1> wide;
  check<T>(wide, extents(wide, true, 1, 11, 12, 13), 2, 17, kernels::leaky_relu{0.1});
  const kernels::window<1, 1> point;
  check<T>(point, extents(point, true, 16, 5, 4, 6), 2, 17, kernels::relu{});
  const kernels::window<5, 5> large;  // forward alone
  check<T>(large, extents(large, true, 3, 9, 9, 11), 2, 17, kernels::relu{});
}

TEST_CASE_TEMPLATE("pooling without a normalisation", T, float, double) {
  const kernels::window<3, 3> w;
  const auto product = extents(w, true, 2, 7, 8, 6);
  network_start<T, kernels::window<3, 3>> n(w, product, covering(product, 2), 17);
  kernels::conv2d_pool_forward<kernels::native>(
      w, n.operands(), n.x.view(), n.y.view(), static_cast<const T*>(nullptr),
      static_cast<const T*>(nullptr), {0, 2}, {0, 6}, kernels::relu{});
  images<T> expected = n.y;
  kernels::conv2d_forward(w, product, n.packed.data(), n.bias.data(), n.x.view(), n.conv.view(),
                          {0, 2}, {0, 6}, kernels::relu{});
  for (int b = 0; b < 2; ++b)
    kernels::max_pool_forward(n.e.pool, static_cast<const T*>(n.conv.view().block(b)),
                              expected.view().block(b), {0, 6});
  CHECK(differences(expected, n.y, 0) == 0);
}

}  // namespace
