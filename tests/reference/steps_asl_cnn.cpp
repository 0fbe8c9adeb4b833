// SPDX-License-Identifier: BSL-1.0
#include <models/asl_cnn.hpp>

#include "reference/steps.hpp"

using namespace lamina;
using namespace reference;

/// models::asl_cnn, with nothing dropped.
using asl_cnn =
    network<input<28, 28, 1>, conv2d<75, window<3, 3>, same>, relu, batch_norm<>, max_pool<2, same>,
            conv2d<50, window<3, 3>, same>, relu, dropout<0.0>, batch_norm<>, max_pool<2, same>,
            conv2d<25, window<3, 3>, same>, relu, batch_norm<>, max_pool<2, same>, flatten,
            dense<512>, relu, dropout<0.0>, dense<24>, softmax>;

static_assert(std::same_as<asl_cnn::shapes, models::asl_cnn::shapes>);
static_assert(asl_cnn::parameter_count == models::asl_cnn::parameter_count);

TEST_CASE("ten training steps of asl_cnn go as in PyTorch, in double") {
  check_ten_steps<asl_cnn, double>("asl_cnn/inside_root", keras_form, in_double);
  check_ten_steps<asl_cnn, double>("asl_cnn/beside_root", pytorch_form, in_double);
}

TEST_CASE("ten training steps of asl_cnn with its dropout go as in PyTorch with the same masks") {
  check_ten_steps<models::asl_cnn, double>("asl_cnn/dropout", keras_form, in_double);
}

TEST_CASE("ten training steps of asl_cnn go as in PyTorch, in float, where floats can follow") {
  rmsprop slow = keras_form;
  slow.learning_rate = 1e-4;
  check_ten_steps<asl_cnn, double>("asl_cnn/slow", slow, in_double);
  check_ten_steps<asl_cnn, float>("asl_cnn/slow", slow, in_float);
}
