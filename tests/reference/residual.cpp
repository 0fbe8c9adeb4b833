// SPDX-License-Identifier: BSL-1.0
#include <lamina/layers/blocks.hpp>

#include "reference/layer_case.hpp"

using namespace lamina;
using reference::check_layer;

TEST_CASE("residual blocks say what PyTorch says") {
  check_layer<input<7>, residual<dense<7>, hyperbolic_tangent>>("residual_dense",
                                                                {"weight", "bias"});
  check_layer<input<4, 3, 2>,
              residual<conv2d<5, window<3, 3>, same>, relu, conv2d<2, window<3, 3>, same>>>(
      "residual_conv2d", {"weight", "bias", "weight2", "bias2"});
}
