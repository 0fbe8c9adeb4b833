// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/io/pictures.hpp>

#include <cstdio>
#include <string>

namespace lamina::cli {

/// How a terminal can show greys: 24 bits a colour, the 24 greys of 256 colours, or characters.
enum class drawing_style { true_colour, grey_ramp, ascii };

/// What the terminal behind a stream can do, by the variables of the environment; `ascii` where it
/// is none, or none of UTF-8.
drawing_style style_of(std::FILE* stream);

/// The picture in lines of text: half a block a pixel, or two characters a pixel.
std::string draw(const io::picture& picture, drawing_style style);

}  // namespace lamina::cli
