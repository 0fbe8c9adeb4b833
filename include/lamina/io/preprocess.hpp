// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/io/pictures.hpp>
#include <lamina/preprocess/plan.hpp>

#include <string>

/// Part of the compiled library lamina::io: a preprocessing policy at work on pictures.
namespace lamina::io {

/// What the plan makes of a picture, up to the bytes that a network reads: `scale_to` and
/// `standardise` are left to whoever feeds it.
picture preprocess(const picture& source, const preprocess_plan& plan);

/// The largest square in the middle.
picture middle_square(const picture& source);

/// Finds what is drawn, dark on light or light on dark: the paper is a plane fitted to what is not
/// ink, so that a shadow across it does no harm; specks are left out. The ink becomes light on
/// black, its larger side `box` pixels long, its centre of mass at pixel side / 2 of a picture of
/// side x side. A picture without ink becomes black.
picture ink_in_the_middle(const picture& source, int box, int side);

/// The plan in words, "grey, crop_to_square, resize_to<28, 28>", as it stands in the metadata of
/// weights.
std::string to_text(const preprocess_plan& plan);

}  // namespace lamina::io
