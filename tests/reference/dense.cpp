// SPDX-License-Identifier: BSL-1.0
#include <lamina/layers/dense.hpp>

#include "reference/layer_case.hpp"

using namespace lamina;
using reference::check_layer;

TEST_CASE("dense says what PyTorch says") {
  check_layer<input<1>, dense<1>>("dense_1_1", {"weight", "bias"});
  check_layer<input<3>, dense<2>>("dense_3_2", {"weight", "bias"});
  check_layer<input<7>, dense<5>>("dense_7_5", {"weight", "bias"});
  check_layer<input<19>, dense<11>>("dense_19_11", {"weight", "bias"});
  check_layer<input<5>, dense<17>>("dense_5_17", {"weight", "bias"});
}
