// SPDX-License-Identifier: BSL-1.0
#include <lamina/serialize/files.hpp>
#include "decoders.hpp"

#include <png.h>

#include <algorithm>
#include <string>

namespace lamina::io {

namespace {

/// libpng's simplified interface; frees itself.
struct png {
  png_image image = {};
  png() { image.version = PNG_IMAGE_VERSION; }
  png(const png&) = delete;
  png& operator=(const png&) = delete;
  ~png() { png_image_free(&image); }

  void check(int status, std::string_view name) const {
    if (status == 0)
      throw error(std::string(name) + ": expected a whole PNG picture, found: " + image.message);
  }
};

std::uint32_t big_endian(std::span<const std::byte> bytes) {
  std::uint32_t value = 0;
  for (const std::byte byte : bytes.first(4))
    value = value << 8 | std::to_integer<std::uint32_t>(byte);
  return value;
}

/// Looks for the chunk eXIf; libpng's simplified interface does not show it.
int orientation_of(std::span<const std::byte> bytes) {
  constexpr std::size_t magic = 8, frame = 12;  // length, type and checksum of a chunk
  for (bytes = bytes.subspan(std::min(magic, bytes.size())); bytes.size() > frame;) {
    const std::size_t length = big_endian(bytes), whole = frame + length;
    if (whole > bytes.size()) break;
    if (big_endian(bytes.subspan(4)) == 0x65584966)
      return detail::exif_orientation(bytes.subspan(8, length));
    bytes = bytes.subspan(whole);
  }
  return 1;
}

}  // namespace

picture detail::decode_png(std::span<const std::byte> bytes, std::string_view name) {
  png source;
  source.check(png_image_begin_read_from_memory(&source.image, bytes.data(), bytes.size()), name);
  expect_size(source.image.width, source.image.height, name);
  // 16 bits a channel are as much sRGB as 8: libpng would take them for linear.
  source.image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
  source.image.format = PNG_FORMAT_RGBA;
  std::vector<std::uint8_t> colours(PNG_IMAGE_SIZE(source.image));
  source.check(png_image_finish_read(&source.image, nullptr, colours.data(), 0, nullptr), name);
  picture result{static_cast<int>(source.image.width), static_cast<int>(source.image.height), {}};
  result.pixels.reserve(colours.size() / 4);
  for (std::size_t i = 0; i < colours.size(); i += 4) {
    const int grey = luma(colours[i], colours[i + 1], colours[i + 2]), alpha = colours[i + 3];
    result.pixels.push_back(
        static_cast<std::uint8_t>((grey * alpha + 255 * (255 - alpha) + 127) / 255));
  }
  return upright(std::move(result), orientation_of(bytes));
}

void write_png(const std::filesystem::path& path, const picture& source) {
  png target;
  target.image.width = static_cast<png_uint_32>(source.width);
  target.image.height = static_cast<png_uint_32>(source.height);
  target.image.format = PNG_FORMAT_GRAY;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(target.image), '\0');
  png_alloc_size_t size = bytes.size();
  target.check(png_image_write_to_memory(&target.image, bytes.data(), &size, 0,
                                         source.pixels.data(), 0, nullptr),
               path.string());
  bytes.resize(size);
  write_file_atomically(path.string(), bytes);
}

}  // namespace lamina::io
