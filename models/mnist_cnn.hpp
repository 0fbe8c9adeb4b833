// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <models/mnist.hpp>

namespace lamina::models {

/// Handwritten digits with convolutions, in three quarters of the arithmetic of the letters'
/// network: two of them see 5 x 5 pixels before the first pool, two more 14 x 14, and a dense layer
/// looks at what is left of the picture. The course has no such network.
using mnist_cnn = network<input<28, 28, 1>,
    conv2d<10, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<20, window<3, 3>, same>, relu, batch_norm<>, max_pool<2>,
    conv2d<30, window<3, 3>, same>, relu, batch_norm<>,
    conv2d<40, window<3, 3>, same>, relu, batch_norm<>, max_pool<2>,
    conv2d<60, window<3, 3>, same>, relu, batch_norm<>, max_pool<2>,
    flatten, dropout<0.3>, dense<128>, relu, dropout<0.3>,
    dense<10>, softmax>;

static_assert(mnist_cnn::parameter_count < 500'000);
static_assert(mnist_cnn::multiply_adds < 6'000'000);

/// With what its answers depend on beside its weights.
using mnist_cnn_model = image_model<mnist_cnn, digits, mnist_preprocessing, mnist_augmentation>;

}  // namespace lamina::models
