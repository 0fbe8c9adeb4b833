// SPDX-License-Identifier: BSL-1.0
#include <lamina/layers/conv2d.hpp>

#include "reference/layer_case.hpp"

using namespace lamina;

template <class Input, class Layer>
static void check_convolution(const char* name) {
  reference::check_layer<Input, Layer>(name, {"weight", "bias"});
}

TEST_CASE("conv2d says what PyTorch says: strides") {
  check_convolution<input<4, 5, 2>, conv2d<3, window<3, 3>, stride<2>, same>>(
      "conv2d_3x3_stride2x2_same");
  check_convolution<input<7, 6, 1>, conv2d<2, window<3, 3>, stride<2>>>(
      "conv2d_3x3_stride2x2_valid");
  check_convolution<input<5, 6, 1>, conv2d<2, window<5, 5>, stride<2>, same>>(
      "conv2d_5x5_stride2x2_same");
  check_convolution<input<4, 5, 2>, conv2d<2, window<1, 1>, stride<2>, same>>(
      "conv2d_1x1_stride2x2_same");
  check_convolution<input<7, 4, 1>, conv2d<2, window<3, 2>, stride<2, 1>>>(
      "conv2d_3x2_stride2x1_valid");
}
