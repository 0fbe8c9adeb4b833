// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/check_gradients.hpp>

#include <doctest/doctest.h>

using namespace lamina;

namespace {

/// Two convolutions by Winograd's algorithm, with padding and without, odd and even extents.
using net = network<input<8, 7, 2>, conv2d<32, window<3>, same>, hyperbolic_tangent,
                    conv2d<32, window<3>, same>, hyperbolic_tangent, dropout<0.25>,
                    conv2d<16, window<3>>, flatten, dense<3>, softmax>;
static_assert(detail::winograd_wins({8, 3, 1, true}, {7, 3, 1, true}, 32, 32));
static_assert(detail::winograd_wins({8, 3, 1, false}, {7, 3, 1, false}, 32, 16));

}  // namespace

TEST_CASE("gradients where convolutions run by Winograd's products") {
  for (const int batch : {1, 3, 16, 17}) {
    CAPTURE(batch);
    const gradient_check_options how{
        .batch = batch, .seed = 1, .step = 1e-5, .most_of_a_tensor = 12};
    const auto fused = check_gradients<net>(how);
    const auto unfused = check_gradients<net, cross_entropy, fusion_mode::none>(how);
    INFO(fused.tensor << ", " << unfused.tensor);
    CHECK(fused.compared > 0);
    CHECK(fused.largest_error < 1e-6);
    CHECK(unfused.largest_error < 1e-6);
  }
}
