// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/image_model.hpp>

/// What the two networks of the American Sign Language letters share.
namespace lamina::models {

/// The alphabet without j and z, which are signs of a movement.
using asl_letters = letters<"abcdefghiklmnopqrstuvwxy">;

/// A photograph of a hand becomes what the data set has: the square in its middle, grey, 28 x 28.
using asl_preprocessing = preprocessing<grey, crop_to_square, resize_to<28, 28>>;

/// Keras' ImageDataGenerator as the course set it up.
using asl_course_augmentation =
    augmentation<rotate<10.0>, shift<0.1, 0.1>, zoom<0.1>, flip_horizontal>;

/// Hands outside the data are tilted, off centre, nearer, darker, left instead of right.
using asl_augmentation = augmentation<rotate<15.0>, shift<0.1, 0.1>, zoom<0.15>, flip_horizontal,
                                      brightness<0.4>, contrast<0.3>>;

}  // namespace lamina::models
