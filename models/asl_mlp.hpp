// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <models/asl.hpp>

namespace lamina::models {

/// Letters of the American Sign Language with the digits' network: the second lab of the course.
/// It learns its training images by heart and errs on new ones, since a hand a little to the left
/// is another picture to it. The course's own runs end at 71 to 85 % of the test images after 20
/// epochs, with almost all of the training images right.
using asl_mlp = network<input<28, 28, 1>,
                        flatten,
                        dense<512>, relu,
                        dense<512>, relu,
                        dense<24>, softmax>;

static_assert(asl_mlp::parameter_count == 676'888);

/// With what its answers depend on beside its weights.
using asl_mlp_model = image_model<asl_mlp, asl_letters, asl_preprocessing, asl_augmentation>;

}  // namespace lamina::models
