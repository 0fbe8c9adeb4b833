// SPDX-License-Identifier: BSL-1.0
#include <models/mnist_mlp.hpp>

#include "reference/steps.hpp"

using namespace reference;
using lamina::models::mnist_mlp;

TEST_CASE("ten training steps of mnist_mlp go as in PyTorch, in double") {
  check_ten_steps<mnist_mlp, double>("mnist_mlp/inside_root", keras_form, in_double);
  check_ten_steps<mnist_mlp, double>("mnist_mlp/beside_root", pytorch_form, in_double);
}

TEST_CASE("ten training steps of mnist_mlp go as in PyTorch, in float") {
  check_ten_steps<mnist_mlp, float>("mnist_mlp/inside_root", keras_form, in_float);
  check_ten_steps<mnist_mlp, float>("mnist_mlp/beside_root", pytorch_form, in_float);
}
