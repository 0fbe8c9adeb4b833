// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/error.hpp>
#include <lamina/io/pictures.hpp>

#include <string>

/// What the two decoders share.
namespace lamina::io::detail {

inline constexpr long long most_pixels = 100'000'000;

inline void expect_size(long long width, long long height, std::string_view name) {
  if (width < 1 || height < 1 || width > most_pixels / height)
    throw error(std::string(name) + ": expected a picture of 1 to " + std::to_string(most_pixels) +
                " pixels, found " + std::to_string(width) + " x " + std::to_string(height));
}

/// ITU-R BT.601: 0.299 R + 0.587 G + 0.114 B.
constexpr std::uint8_t luma(int red, int green, int blue) {
  return static_cast<std::uint8_t>((299 * red + 587 * green + 114 * blue + 500) / 1000);
}

/// The EXIF tag Orientation (1 to 8) of a TIFF block; 1, upright, where there is none.
int exif_orientation(std::span<const std::byte> tiff);

/// Turned and mirrored as the orientation says.
picture upright(picture source, int orientation);

picture decode_png(std::span<const std::byte> bytes, std::string_view name);
picture decode_jpeg(std::span<const std::byte> bytes, std::string_view name);

}  // namespace lamina::io::detail
