// SPDX-License-Identifier: BSL-1.0
#include "decoders.hpp"

#include <cstdint>

namespace lamina::io {

namespace {

/// A number of `bytes` bytes in the order that the TIFF header names; 0 beyond the end.
std::uint32_t number(std::span<const std::byte> tiff, std::size_t at, std::size_t bytes,
                     bool big_endian) {
  if (at > tiff.size() || tiff.size() - at < bytes) return 0;
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < bytes; ++i)
    value |= std::to_integer<std::uint32_t>(tiff[at + i]) << 8 * (big_endian ? bytes - 1 - i : i);
  return value;
}

}  // namespace

int detail::exif_orientation(std::span<const std::byte> tiff) {
  constexpr std::uint32_t orientation_tag = 0x112, short_type = 3;
  const bool big_endian = number(tiff, 0, 2, true) == 0x4d4d;  // "MM", else "II"
  const auto read = [&](std::size_t at, std::size_t bytes) {
    return number(tiff, at, bytes, big_endian);
  };
  if (read(2, 2) != 42) return 1;
  const std::size_t directory = read(4, 4);
  const std::uint32_t entries = read(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (read(entry, 2) != orientation_tag || read(entry + 2, 2) != short_type) continue;
    const auto value = static_cast<int>(read(entry + 8, 2));
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

picture detail::upright(picture source, int orientation) {
  if (orientation == 1) return source;
  const bool mirrored =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool upside_down =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool turned = orientation >= 5;
  picture result{turned ? source.height : source.width, turned ? source.width : source.height, {}};
  result.pixels.reserve(source.pixels.size());
  for (int y = 0; y < result.height; ++y)
    for (int x = 0; x < result.width; ++x) {
      const int across = mirrored ? result.width - 1 - x : x;
      const int down = upside_down ? result.height - 1 - y : y;
      const int column = turned ? down : across, row = turned ? across : down;
      result.pixels.push_back(
          source.pixels[static_cast<std::size_t>(row) * static_cast<std::size_t>(source.width) +
                        static_cast<std::size_t>(column)]);
    }
  return result;
}

}  // namespace lamina::io
