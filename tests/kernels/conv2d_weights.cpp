// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/conv2d_weights.hpp>
//
#include "kernels/convolutions.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;
using kernels::native;

template <class T, class Window>
void check(Window w, kernels::conv2d_extents e, int taps, int count) {
  images<T> dy(count, e.out_channels, e.out_height, e.out_width, 1);
  dy.clear_dead_lanes();
  const images<T> x(count, e.in_channels, e.in_height, e.in_width, 2);
  const int size = e.out_channels * e.in_channels * taps;
  array<T> dw = numbers<T>(size, 3), db = numbers<T>(e.out_channels, 4);
  array<T> pieces = dw, pieces_of_bias = db;
  kernels::conv2d_backward_weights(w, e, dy.view(), x.view(), x.blocks, dw.data(), db.data(),
                                   {0, e.out_channels});
  CHECK(wrong_gradients(w, e, taps, dy, x, dw, db) == 0);
  for (int o = 0; o < e.out_channels; o += 3)
    kernels::conv2d_backward_weights(w, e, dy.view(), x.view(), x.blocks, pieces.data(),
                                     pieces_of_bias.data(), {o, std::min(o + 3, e.out_channels)});
  CHECK(dw == pieces);
  CHECK(db == pieces_of_bias);
}

template <class T, int KH, int KW, int SH = 1, int SW = 1>
void check_many() {
  const kernels::window<KH, KW, SH, SW> w;
  for_many_extents(w,
                   [&](kernels::conv2d_extents e, int count) { check<T>(w, e, KH * KW, count); });
}

TEST_CASE("gradients of a convolution's weights match a naive loop, whole or in pieces") {
  SUBCASE("3x3") { check_many<float, 3, 3>(); }
  SUBCASE("3x3 in double") { check_many<double, 3, 3>(); }
  SUBCASE("1x1") { check_many<float, 1, 1>(); }
  SUBCASE("2x13, wider than the tile of accumulators") { check_many<float, 2, 13>(); }
  SUBCASE("3x5, strides 2 and 3") { check_many<float, 3, 5, 2, 3>(); }
  SUBCASE("1x2, strides 2 and 3") { check_many<float, 1, 2, 2, 3>(); }
}

}  // namespace
