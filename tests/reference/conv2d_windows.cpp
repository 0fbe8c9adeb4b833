// SPDX-License-Identifier: BSL-1.0
#include <lamina/layers/conv2d.hpp>

#include "reference/layer_case.hpp"

using namespace lamina;

template <class Input, class Layer>
static void check_convolution(const char* name) {
  reference::check_layer<Input, Layer>(name, {"weight", "bias"});
}

TEST_CASE("conv2d says what PyTorch says: large, even and oblong windows") {
  check_convolution<input<5, 4, 1>, conv2d<2, window<5, 5>, same>>("conv2d_5x5_stride1x1_same");
  check_convolution<input<4, 5, 1>, conv2d<1, window<7, 7>, same>>("conv2d_7x7_stride1x1_same");
  check_convolution<input<8, 7, 1>, conv2d<1, window<7, 7>>>("conv2d_7x7_stride1x1_valid");
  check_convolution<input<4, 6, 1>, conv2d<2, window<3, 5>, same>>("conv2d_3x5_stride1x1_same");
  check_convolution<input<6, 4, 1>, conv2d<3, window<5, 1>>>("conv2d_5x1_stride1x1_valid");
  check_convolution<input<3, 5, 1>, conv2d<2, window<2, 2>, same>>("conv2d_2x2_stride1x1_same");
}
