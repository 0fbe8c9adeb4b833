// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/conv2d_backward_input.hpp>
//
#include "kernels/convolutions.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;
using kernels::native;

template <class T, class Window>
void check(Window w, kernels::conv2d_extents e, int taps, int count) {
  const images<T> dy(count, e.out_channels, e.out_height, e.out_width, 1);
  const auto weights = numbers<T>(e.out_channels * e.in_channels * taps, 2);
  array<T> packed(static_cast<std::ptrdiff_t>(kernels::conv2d_packed_size<native, T>(w, e)));
  kernels::conv2d_pack_backward_input(w, e, weights.data(), packed.data());
  images<T> dx(count, e.in_channels, e.in_height, e.in_width), pieces = dx;
  kernels::conv2d_backward_input(w, e, packed.data(), dy.view(), dx.view(), {0, dx.blocks},
                                 {0, e.in_channels});
  CHECK(wrong_input_gradients(w, e, taps, weights, dy, dx) == 0);
  constexpr int step = kernels::conv2d_output_tile<native, T>;
  for (int b = 0; b < dx.blocks; ++b)
    for (int i = 0; i < e.in_channels; i += step)
      kernels::conv2d_backward_input(w, e, packed.data(), dy.view(), pieces.view(), {b, b + 1},
                                     {i, std::min(i + step, e.in_channels)});
  CHECK(dx.values == pieces.values);
}

template <class T, int KH, int KW, int SH = 1, int SW = 1>
void check_many() {
  const kernels::window<KH, KW, SH, SW> w;
  for_many_extents(w,
                   [&](kernels::conv2d_extents e, int count) { check<T>(w, e, KH * KW, count); });
}

TEST_CASE("gradients of a convolution's input match a naive loop, whole or in pieces") {
  SUBCASE("3x3") { check_many<float, 3, 3>(); }
  SUBCASE("3x3 in double") { check_many<double, 3, 3>(); }
  SUBCASE("1x7") { check_many<float, 1, 7>(); }
  SUBCASE("3x3, stride 2") { check_many<float, 3, 3, 2, 2>(); }
  SUBCASE("5x2, strides 3 and 1") { check_many<float, 5, 2, 3, 1>(); }
  SUBCASE("1x2, strides 2 and 3") { check_many<float, 1, 2, 2, 3>(); }
}

}  // namespace
