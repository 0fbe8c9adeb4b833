// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/normalised_pool.hpp>
//
#include "kernels/poolings.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

TEST_CASE_TEMPLATE("max-pooling of a normalised plane, scales of both signs", T, float, double) {
  array<T> scale(channels), shift(channels);
  scale[0] = T(0.5), scale[1] = T(-2), scale[2] = T(0);
  shift[0] = T(1), shift[1] = T(-3), shift[2] = T(0.25);
  for (const auto& e : many_extents()) {
    const sizes size(e);
    const auto x = ties<T>(size.in), dy = numbers<T>(size.out, 2);
    array<T> y(size.out), dx = numbers<T>(size.in, 3);
    kernels::scale_shift_max_pool_forward(e, x.data(), y.data(), scale.data(), shift.data(),
                                          {0, channels});
    kernels::scale_shift_max_pool_backward(e, x.data(), scale.data(), shift.data(), dy.data(),
                                           dx.data(), {0, channels});
    const auto expected =
        naive_max_pool(e, x, dy, [&](int c, T v) { return scale[c] * v + shift[c]; });
    CHECK(differences(expected.y, y) == 0);
    CHECK(differences(expected.dx, dx) == 0);
  }
}

/// A normalisation and a pooling over some blocks, and the gradients of both one after the other.
template <class T>
struct normalised {
  normalised(const kernels::pool_extents& extents, int count)
      : e(extents),
        count(count),
        x(count, channels, e.in_height, e.in_width, 1),
        dy(count, channels, e.out_height, e.out_width, 2),
        dx(count, channels, e.in_height, e.in_width) {
    dy.clear_dead_lanes();
    scale[0] = T(0.5), scale[1] = T(-2), scale[2] = T(0);
  }

  kernels::pool_extents e;
  int count;
  images<T> x, dy, dx;
  array<T> scale{channels}, shift = numbers<T>(channels, 3), mean = numbers<T>(channels, 4);
  array<T> inverse = numbers<T>(channels, 5), gamma = numbers<T>(channels, 6);
  array<T> dgamma{channels}, dbeta{channels};

  /// Pool, then sums, then the gradient of the normalisation, then the activation's.
  template <class Before>
  void one_after_the_other(Before before) {
    images<T> routed(count, channels, e.in_height, e.in_width);
    for (int b = 0; b < x.blocks; ++b)
      kernels::scale_shift_max_pool_backward(e, x.view().block(b), scale.data(), shift.data(),
                                             dy.view().block(b), routed.view().block(b),
                                             {0, channels});
    const kernels::plane_extents planes{channels, e.in_height * e.in_width};
    kernels::batch_norm_backward_sums(planes, x.view(), routed.view(), x.blocks, mean.data(),
                                      inverse.data(), dgamma.data(), dbeta.data(), {0, channels});
    kernels::batch_norm_backward_input(planes, x.view(), routed.view(), dx.view(), count,
                                       mean.data(), inverse.data(), gamma.data(), dgamma.data(),
                                       dbeta.data(), {0, x.blocks}, {0, channels});
    for (int b = 0; b < x.blocks; ++b)
      kernels::activation_backward<kernels::native>(
          static_cast<const T*>(x.view().block(b)), static_cast<const T*>(dx.view().block(b)),
          dx.view().block(b), static_cast<std::ptrdiff_t>(channels) * planes.pixels * lanes,
          before);
  }

  template <class Before>
  void together(Before before) {
    for (const range part : {range{0, 1}, range{1, channels}}) {
      kernels::batch_norm_max_pool_backward_sums(e, x.view(), dy.view(), x.blocks, mean.data(),
                                                 inverse.data(), scale.data(), shift.data(),
                                                 dgamma.data(), dbeta.data(), part);
      kernels::batch_norm_max_pool_backward_input(
          e, x.view(), dy.view(), dx.view(), count, mean.data(), inverse.data(), gamma.data(),
          dgamma.data(), dbeta.data(), scale.data(), shift.data(), {0, x.blocks}, part, before);
    }
  }
};

template <class T, class Before>
void check_together(const kernels::pool_extents& e, int count, Before before) {
  normalised<T> expected(e, count), got(e, count);
  expected.one_after_the_other(before);
  got.together(before);
  for (int c = 0; c < channels; ++c) {
    CHECK(static_cast<double>(got.dgamma[c]) == near<T>(static_cast<double>(expected.dgamma[c])));
    CHECK(static_cast<double>(got.dbeta[c]) == near<T>(static_cast<double>(expected.dbeta[c])));
  }
  int wrong = 0;
  expected.dx.for_each([&](int image, int c, int row, int column) {
    wrong += static_cast<double>(got.dx.at(image, c, row, column)) !=
             near<T>(static_cast<double>(expected.dx.at(image, c, row, column)));
  });
  CHECK(wrong == 0);
  CHECK(got.dx.dead_lanes_are_zero());
}

TEST_CASE_TEMPLATE("gradients of normalisation and pooling as one, and the activation before", T,
                   float, double) {
  int known = 0;
  for (const auto& e : many_extents()) {
    if (!kernels::pools_each_pixel_once(e)) continue;
    ++known;
    for (const int count : {1, 16, 17, 33}) {
      check_together<T>(e, count, kernels::identity{});
      check_together<T>(e, count, kernels::relu{});
      check_together<T>(e, count, kernels::dropped_relu{1.25});
    }
  }
  CHECK(known >= 3);
}

}  // namespace
