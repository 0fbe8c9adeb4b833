// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/pictures.hpp>

#include <lamina/serialize/files.hpp>
#include "decoders.hpp"

#include <algorithm>
#include <cmath>
#include <string>

namespace lamina::io {

namespace {

bool begins(std::span<const std::byte> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() &&
         std::ranges::equal(bytes.first(magic.size()), std::as_bytes(std::span(magic)));
}

std::string first_bytes(std::span<const std::byte> bytes) {
  if (bytes.empty()) return "an empty file";
  std::string text = "the bytes";
  for (const auto byte : bytes.first(std::min<std::size_t>(bytes.size(), 4))) {
    const auto value = std::to_integer<unsigned>(byte);
    text += {' ', "0123456789abcdef"[value >> 4], "0123456789abcdef"[value & 15]};
  }
  return text;
}

/// What of the source a pixel covers along one side: source pixels from `first`, each with a
/// weight; the weights add up to 1.
struct cover {
  std::size_t first = 0;
  std::vector<double> weights;
};

std::vector<cover> covers(int source, int result) {
  const double scale = static_cast<double>(source) / result;
  std::vector<cover> all(static_cast<std::size_t>(result));
  for (int i = 0; i < result; ++i) {
    const double begin = i * scale, end = (i + 1) * scale;
    const int first = static_cast<int>(begin);
    const int last = std::min(static_cast<int>(std::ceil(end)), source);
    auto& each = all[static_cast<std::size_t>(i)];
    each.first = static_cast<std::size_t>(first);
    for (int at = first; at < last; ++at)
      each.weights.push_back((std::min(at + 1.0, end) - std::max<double>(at, begin)) / scale);
  }
  return all;
}

}  // namespace

picture decode_picture(std::span<const std::byte> bytes, std::string_view name) {
  if (begins(bytes, "\x89PNG")) return detail::decode_png(bytes, name);
  if (begins(bytes, "\xff\xd8\xff")) return detail::decode_jpeg(bytes, name);
  throw error(std::string(name) + ": expected a PNG or JPEG picture, found " + first_bytes(bytes));
}

picture read_picture(const std::filesystem::path& path) {
  const std::string bytes = read_file(path.string());
  return decode_picture(std::as_bytes(std::span(bytes)), path.string());
}

picture resize(const picture& source, int width, int height) {
  if (source.width == width && source.height == height) return source;
  const auto columns = covers(source.width, width), rows = covers(source.height, height);
  const auto source_width = static_cast<std::size_t>(source.width);
  picture result{width, height, {}};
  result.pixels.reserve(rows.size() * columns.size());
  for (const auto& row : rows)
    for (const auto& column : columns) {
      double sum = 0;
      for (std::size_t y = 0; y < row.weights.size(); ++y)
        for (std::size_t x = 0; x < column.weights.size(); ++x)
          sum += row.weights[y] * column.weights[x] *
                 source.pixels[(row.first + y) * source_width + column.first + x];
      result.pixels.push_back(static_cast<std::uint8_t>(std::clamp(sum + 0.5, 0.0, 255.0)));
    }
  return result;
}

}  // namespace lamina::io
