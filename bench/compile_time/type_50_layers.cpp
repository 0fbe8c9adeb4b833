// SPDX-License-Identifier: BSL-1.0
// 50 layers after the input, no two convolutions of one shape.
#include <lamina/network.hpp>

#include <concepts>

using namespace lamina;

using net = network<input<64, 64, 3>,
    conv2d<8, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<9, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<10, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<11, window<3, 3>, same>, relu, batch_norm<>, max_pool<2, same>,
    conv2d<12, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<13, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<14, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<15, window<3, 3>, same>, relu, batch_norm<>, max_pool<2, same>,
    conv2d<16, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<17, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<18, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<19, window<3, 3>, same>, relu, batch_norm<>, max_pool<2, same>,
    conv2d<20, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<21, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<22, window<3, 3>, same>, relu, batch_norm<>,
    flatten, dense<10>>;

static_assert(net::parameter_count == 45'797);
static_assert(std::same_as<net::output_shape, shape<10>>);
