// SPDX-License-Identifier: BSL-1.0
#include <models/asl_mlp.hpp>

#include "reference/steps.hpp"

using namespace reference;
using lamina::models::asl_mlp;

TEST_CASE("ten training steps of asl_mlp go as in PyTorch, in double") {
  check_ten_steps<asl_mlp, double>("asl_mlp/inside_root", keras_form, in_double);
  check_ten_steps<asl_mlp, double>("asl_mlp/beside_root", pytorch_form, in_double);
}

TEST_CASE("ten training steps of asl_mlp go as in PyTorch, in float") {
  check_ten_steps<asl_mlp, float>("asl_mlp/inside_root", keras_form, in_float);
  check_ten_steps<asl_mlp, float>("asl_mlp/beside_root", pytorch_form, in_float);
}
