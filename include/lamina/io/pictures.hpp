// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string_view>
#include <vector>

/// Part of the compiled library lamina::io. Every failure is a lamina::error that names the file.
namespace lamina::io {

/// A grey picture, 0 black to 255 white.
struct picture {
  int width = 0, height = 0;
  std::vector<std::uint8_t> pixels = {};  ///< (y, x)
};

/// Decodes a PNG or a JPEG of at most 100 megapixels, grey or colour; `name` stands in the
/// messages. Colour becomes grey by the luma of ITU-R BT.601; what is transparent lies on white.
picture decode_picture(std::span<const std::byte> bytes, std::string_view name);

picture read_picture(const std::filesystem::path& path);

/// Each pixel of the result is the mean of the area that it covers in the source.
picture resize(const picture& source, int width, int height);

/// Writes a grey PNG; the file is there whole or not at all.
void write_png(const std::filesystem::path& path, const picture& source);

}  // namespace lamina::io
