// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

/// Part of the compiled library lamina::io. Every failure is a lamina::error that names the file.
namespace lamina::io {

/// No packed or downloaded file of more bytes than this is taken into memory.
inline constexpr std::size_t largest_file = std::size_t{1} << 31;

/// A whole file, unpacked, and the name under which it was found.
struct file_content {
  std::string name;
  std::string text;

  std::span<const std::byte> bytes() const { return std::as_bytes(std::span(text)); }
};

/// Unpacks a gzip stream (RFC 1952) of one or more members; `name` stands in the messages.
std::string gunzip(std::string_view packed, std::string_view name,
                   std::size_t limit = largest_file);

/// A file whose name ends in `.gz` is unpacked, another is read as it is.
file_content read_unpacked(const std::filesystem::path& path);

/// The file of this name or, where there is none, the same name with `.gz`; an empty path if there
/// is neither.
std::filesystem::path find_plain_or_gzip(const std::filesystem::path& path);

}  // namespace lamina::io
