// SPDX-License-Identifier: BSL-1.0
#include "fused_gradients.hpp"

using namespace lamina;
using lamina::test::holds;

TEST_CASE("gradients where a network begins with a normalisation") {
  holds<network<input<4, 3, 2>, batch_norm<>, flatten, dense<3>, softmax>>();
  holds<network<input<6>, batch_norm<>, dense<5>, hyperbolic_tangent, dense<3>, softmax>>();
}

TEST_CASE("gradients where a network begins with a normalisation and a pool") {
  holds<network<input<5, 4, 2>, batch_norm<>, max_pool<2>, flatten, dense<3>, softmax>>();
  holds<network<input<5, 4, 2>, batch_norm<>, max_pool<2, same>, conv2d<3, window<2>>,
                hyperbolic_tangent, flatten, dense<3>, softmax>>();
}

TEST_CASE("gradients where a network begins with a pool, an activation or dropout") {
  holds<network<input<5, 4, 2>, max_pool<2, same>, flatten, dense<3>, softmax>>();
  holds<
      network<input<5, 4, 2>, average_pool<2>, conv2d<3, window<2>>, flatten, dense<3>, softmax>>();
  holds<network<input<7>, relu, dense<3>, softmax>>();
  holds<network<input<7>, dropout<0.3>, dense<4>, sigmoid, dense<3>, softmax>>();
}

TEST_CASE("gradients where a network begins with a residual block") {
  holds<network<input<6>, residual<dense<6>, hyperbolic_tangent>, dense<3>, softmax>>();
  holds<network<input<4, 4, 2>, residual<conv2d<2, window<3>, same>>,
                residual<batch_norm<>, hyperbolic_tangent>, flatten, dense<3>, softmax>>();
  holds<network<input<6>, residual<residual<dense<6>, sigmoid>, dense<6>>, dense<3>, softmax>>();
  holds<network<input<4, 4, 2>, residual<batch_norm<>, max_pool<3, stride<1>, same>>, flatten,
                dense<3>, softmax>>();
}

TEST_CASE("gradients of residual blocks of layers without parameters") {
  holds<network<input<6>, dense<5>, residual<hyperbolic_tangent>, dense<3>, softmax>>();
  holds<network<input<6>, dense<5>, residual<dropout<0.5>>, dense<3>, softmax>>();
  holds<network<input<6>, dense<5>, residual<flatten>, dense<3>, softmax>>();
  holds<network<input<6>, dense<5>, residual<flatten, residual<flatten>>, sigmoid, dense<3>,
                softmax>>();
  holds<network<input<4, 4, 1>, conv2d<2, window<2>>, residual<max_pool<3, stride<1>, same>>,
                residual<average_pool<3, stride<1>, same>>, global_average_pool, dense<3>,
                softmax>>();
}
