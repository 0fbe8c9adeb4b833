// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/data/examples.hpp>
#include <lamina/error.hpp>
#include <lamina/text.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The IDX format of the MNIST files, see http://yann.lecun.com/exdb/mnist/: a magic number (two
/// zero bytes, the type of the values, the number of dimensions), each dimension in four bytes,
/// most significant first, then the values with the last dimension fastest. Only bytes (type 8) are
/// read.
namespace lamina::idx {

/// The values lie in the memory that was parsed.
struct array {
  std::vector<std::size_t> dimensions;
  std::span<const std::uint8_t> values;
};

namespace detail {

inline std::uint32_t big_endian(std::span<const std::byte> bytes, std::size_t offset) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value = value << 8 | std::to_integer<std::uint32_t>(bytes[offset + i]);
  return value;
}

inline std::string hexadecimal(std::uint32_t value) {
  std::string text = "0x";
  for (int shift = 28; shift >= 0; shift -= 4) text += "0123456789abcdef"[value >> shift & 15];
  return text;
}

inline void expect_magic(std::span<const std::byte> bytes, int dimensions, std::string_view file) {
  const auto magic = 0x800u + static_cast<std::uint32_t>(dimensions);
  const auto mistake = [&](const auto&... found) {
    return error(lamina::detail::joined(
        file, ": offset 0: expected the IDX magic number ", hexadecimal(magic), " (bytes in ",
        dimensions, dimensions == 1 ? " dimension)" : " dimensions)", ", found ", found...));
  };
  if (bytes.empty()) throw mistake("an empty file");
  if (bytes.size() < 4) throw mistake(bytes.size(), " bytes in all");
  if (const auto found = big_endian(bytes, 0); found != magic) throw mistake(hexadecimal(found));
}

}  // namespace detail

/// Reads an IDX array of bytes with this number of dimensions. No memory is taken for what the
/// header says; an array larger or smaller than the rest of the bytes is a lamina::error, which
/// names `file`.
inline array parse(std::span<const std::byte> bytes, int dimensions, std::string_view file) {
  detail::expect_magic(bytes, dimensions, file);
  const std::size_t header = 4 + 4 * static_cast<std::size_t>(dimensions);
  if (bytes.size() < header)
    throw error(lamina::detail::joined(file, ": offset 4: expected a header of ", header,
                                       " bytes, found ", bytes.size(), " bytes in all"));
  array result;
  std::size_t count = 1;
  bool too_large = false;
  for (std::size_t at = 4; at < header; at += 4) {
    const std::size_t extent = detail::big_endian(bytes, at);
    result.dimensions.push_back(extent);
    too_large |= extent != 0 && count > std::numeric_limits<std::size_t>::max() / extent;
    count *= extent;
  }
  const auto rest = bytes.subspan(header);
  if (too_large || count != rest.size())
    throw error(lamina::detail::joined(
        file, ": offset ", header, ": expected ",
        lamina::detail::joined_numbers(result.dimensions, " x "),
        too_large || dimensions == 1 ? "" : lamina::detail::joined(" = ", count),
        " bytes as the header says, found ", rest.size()));
  // std::byte and std::uint8_t (unsigned char) may both look at any object.
  result.values = {reinterpret_cast<const std::uint8_t*>(rest.data()), rest.size()};
  return result;
}

/// Grey images, IDX with (image, height, width), and their labels, IDX with (image), each from 0 to
/// classes - 1. Both are copied.
inline dataset parse_images(std::span<const std::byte> image_bytes, std::string_view image_file,
                            std::span<const std::byte> label_bytes, std::string_view label_file,
                            int classes) {
  const array images = parse(image_bytes, 3, image_file);
  const array labels = parse(label_bytes, 1, label_file);
  if (images.dimensions[1] == 0 || images.dimensions[2] == 0 || images.dimensions[1] > 65535 ||
      images.dimensions[2] > 65535)
    throw error(lamina::detail::joined(
        image_file, ": offset 8: expected images of 1 to 65535 pixels a side, found ",
        images.dimensions[1], " x ", images.dimensions[2]));
  if (images.dimensions[0] != labels.dimensions[0])
    throw error(lamina::detail::joined(label_file, ": expected ", images.dimensions[0],
                                       " labels, as many as images in ", image_file, ", found ",
                                       labels.dimensions[0]));
  const auto wrong = std::ranges::find_if(labels.values, [&](int l) { return l >= classes; });
  if (wrong != labels.values.end())
    throw error(lamina::detail::joined(label_file, ": offset ", 8 + (wrong - labels.values.begin()),
                                       ": expected a label from 0 to ", classes - 1, ", found ",
                                       int{*wrong}));
  return {.pixels = {images.values.begin(), images.values.end()},
          .labels = {labels.values.begin(), labels.values.end()},
          .height = static_cast<int>(images.dimensions[1]),
          .width = static_cast<int>(images.dimensions[2]),
          .channels = 1,
          .classes = classes};
}

}  // namespace lamina::idx
