// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/image_model.hpp>

/// What the networks of the handwritten digits share.
namespace lamina::models {

using digits = letters<"0123456789">;

/// A digit in ink on paper, anywhere in the picture, becomes what the makers of MNIST made of
/// theirs: light on black, 20 pixels high or wide, its centre of mass in the middle of 28 x 28.
using mnist_preprocessing = preprocessing<grey, centre_ink<20, 28>>;

/// Hands write at a slant, large or small, and tremble; no digit is the mirror image of itself.
using mnist_augmentation = augmentation<rotate<10.0>, shift<0.07, 0.07>, shear<10.0>, zoom<0.1>,
                                        elastic<15.0, 4.0>, fill_edges<fill_mode::constant, 0>>;

}  // namespace lamina::models
