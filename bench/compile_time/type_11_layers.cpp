// SPDX-License-Identifier: BSL-1.0
// 11 layers after the input, no two of one shape: what type_50_layers.cpp is measured against.
#include <lamina/network.hpp>

#include <concepts>

using namespace lamina;

using net = network<input<64, 64, 3>,
    conv2d<8, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<9, window<3, 3>, same>, relu, batch_norm<>, max_pool<2, same>,
    conv2d<10, window<3, 3>, same>, relu,
    flatten, dense<10>>;

static_assert(net::parameter_count == 104'179);
static_assert(std::same_as<net::output_shape, shape<10>>);
