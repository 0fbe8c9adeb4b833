// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <models/mnist.hpp>

namespace lamina::models {

/// The digits' network with dropout: half of the second lab's answer to overfitting. In training
/// each hidden unit is away from a fifth of the pictures, so that none can rely on another; with
/// the augmentation no picture comes twice. What `mnist_mlp` learns in 5 epochs takes it longer,
/// and it goes further. The course has no such network.
using mnist_mlp_dropout = network<input<28, 28, 1>,
                                  flatten,
                                  dense<512>, relu, dropout<0.2>,
                                  dense<512>, relu, dropout<0.2>,
                                  dense<10>, softmax>;

static_assert(mnist_mlp_dropout::parameter_count == 669'706);  // dropout has none

/// With what its answers depend on beside its weights.
using mnist_mlp_dropout_model =
    image_model<mnist_mlp_dropout, digits, mnist_preprocessing, mnist_augmentation>;

}  // namespace lamina::models
