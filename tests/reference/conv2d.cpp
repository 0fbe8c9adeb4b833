// SPDX-License-Identifier: BSL-1.0
#include <lamina/layers/conv2d.hpp>

#include "reference/layer_case.hpp"

using namespace lamina;

template <class Input, class Layer>
static void check_convolution(const char* name) {
  reference::check_layer<Input, Layer>(name, {"weight", "bias"});
}

TEST_CASE("conv2d says what PyTorch says: windows of one and three") {
  check_convolution<input<3, 2, 3>, conv2d<4, window<1, 1>>>("conv2d_1x1_stride1x1_valid");
  check_convolution<input<4, 3, 2>, conv2d<6, window<3, 3>, same>>("conv2d_3x3_stride1x1_same");
  check_convolution<input<3, 4, 3>, conv2d<7, window<3, 3>>>("conv2d_3x3_stride1x1_valid");
}
