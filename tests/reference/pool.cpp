// SPDX-License-Identifier: BSL-1.0
#include <lamina/layers/pool.hpp>

#include "reference/layer_case.hpp"

using namespace lamina;

/// max_pool and average_pool with the same options.
template <class Input, auto Window, class... Options>
static void check_pools(const std::string& shape) {
  reference::check_layer<Input, max_pool<Window, Options...>>("max_pool_" + shape);
  reference::check_layer<Input, average_pool<Window, Options...>>("average_pool_" + shape);
}

TEST_CASE("pools of two say what PyTorch says") {
  check_pools<input<3, 5, 2>, 2, same>("2x3x5_2x2_stride2x2_same");
  check_pools<input<5, 7, 1>, 2>("1x5x7_2x2_stride2x2_valid");
  check_pools<input<4, 2, 3>, 2, same>("3x4x2_2x2_stride2x2_same");
}

TEST_CASE("pools of three, overlapping, say what PyTorch says") {
  check_pools<input<6, 5, 1>, 3, stride<2>, same>("1x6x5_3x3_stride2x2_same");
  check_pools<input<4, 5, 1>, 3, stride<1>>("1x4x5_3x3_stride1x1_valid");
  check_pools<input<4, 5, 1>, 3, stride<1>, same>("1x4x5_3x3_stride1x1_same");
  check_pools<input<5, 6, 1>, 3, stride<2, 1>>("1x5x6_3x3_stride2x1_valid");
}

TEST_CASE("the mean of each channel says what PyTorch says") {
  reference::check_layer<input<3, 2, 3>, global_average_pool>("global_average_pool");
}

TEST_CASE("of equals the first takes the gradient, as in PyTorch") {
  using net = network<input<2, 6, 2>, leaky_relu<1.0>, max_pool<2>>;
  for (const int images : {1, 3, 16, 17}) {
    CAPTURE(images);
    auto signs = reference::first_images("max_pool_ties/input", images);
    for (double& each : signs) each = each > 0 ? 1 : -1;
    reference::subject<net> pool{images};
    reference::check_close(pool.forward(signs, true), "output",
                           reference::first_images("max_pool_ties/output", images));
    pool.backward(reference::first_images("max_pool_ties/grad_output", images));
    reference::check_close(pool.first_gradient(), "grad_input",
                           reference::first_images("max_pool_ties/grad_input", images));
  }
}
