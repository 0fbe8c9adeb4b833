// SPDX-License-Identifier: BSL-1.0
#include "fused_gradients.hpp"

using namespace lamina;

namespace {

/// Two convolutions by Winograd's algorithm, with padding and without, odd and even extents.
using net = network<input<8, 7, 2>, conv2d<32, window<3>, same>, hyperbolic_tangent,
                    conv2d<32, window<3>, same>, hyperbolic_tangent, dropout<0.25>,
                    conv2d<16, window<3>>, flatten, dense<3>, softmax>;
static_assert(detail::winograd_wins({8, 3, 1, true}, {7, 3, 1, true}, 32, 32));
static_assert(detail::winograd_wins({8, 3, 1, false}, {7, 3, 1, false}, 32, 16));

}  // namespace

TEST_CASE("gradients where convolutions run by Winograd's products") { lamina::test::holds<net>(); }
