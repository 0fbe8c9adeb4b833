// SPDX-License-Identifier: BSL-1.0
#include <lamina/layers/activation.hpp>

#include "reference/layer_case.hpp"

using namespace lamina;
using reference::check_layer;

TEST_CASE("activations say what PyTorch says") {
  check_layer<input<9>, relu>("relu");
  check_layer<input<9>, leaky_relu<>>("leaky_relu");
  check_layer<input<9>, hyperbolic_tangent>("hyperbolic_tangent");
  check_layer<input<9>, sigmoid>("sigmoid");
  check_layer<input<9>, softmax>("softmax");
}
