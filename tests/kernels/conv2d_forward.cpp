// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/conv2d_forward.hpp>
//
#include "kernels/convolutions.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;
using kernels::native;

template <class T, class Window>
void check(Window w, kernels::conv2d_extents e, int taps, int count) {
  const images<T> x(count, e.in_channels, e.in_height, e.in_width, 1);
  const auto weights = numbers<T>(e.out_channels * e.in_channels * taps, 2);
  const auto bias = numbers<T>(e.out_channels, 3);
  array<T> packed(static_cast<std::ptrdiff_t>(kernels::conv2d_packed_size<native, T>(w, e)));
  kernels::conv2d_pack_forward(w, e, weights.data(), packed.data());
  images<T> y(count, e.out_channels, e.out_height, e.out_width), pieces = y;
  kernels::conv2d_forward(w, e, packed.data(), bias.data(), x.view(), y.view(), {0, y.blocks},
                          {0, e.out_channels}, kernels::relu{});
  CHECK(wrong_outputs(w, e, taps, weights, bias, x, y) == 0);
  constexpr int step = kernels::conv2d_output_tile<native, T>;
  for (int b = 0; b < y.blocks; ++b)
    for (int o = 0; o < e.out_channels; o += step)
      kernels::conv2d_forward(w, e, packed.data(), bias.data(), x.view(), pieces.view(), {b, b + 1},
                              {o, std::min(o + step, e.out_channels)}, kernels::relu{});
  CHECK(y.values == pieces.values);
}

template <class T, int KH, int KW, int SH = 1, int SW = 1>
void check_many() {
  const kernels::window<KH, KW, SH, SW> w;
  for_many_extents(w,
                   [&](kernels::conv2d_extents e, int count) { check<T>(w, e, KH * KW, count); });
}

TEST_CASE("convolutions match a naive loop, whole or in pieces") {
  SUBCASE("3x3") { check_many<float, 3, 3>(); }
  SUBCASE("3x3 in double") { check_many<double, 3, 3>(); }
  SUBCASE("1x1") { check_many<float, 1, 1>(); }
  SUBCASE("5x7") { check_many<float, 5, 7>(); }
  SUBCASE("3x5, strides 2 and 3") { check_many<float, 3, 5, 2, 3>(); }
}

}  // namespace
