// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// Part of the compiled library lamina::io. Every failure is a lamina::error that names the file.
namespace lamina::io {

/// No file of more bytes than this is taken into memory, packed or unpacked.
inline constexpr std::size_t largest_file = std::size_t{1} << 31;

/// A whole file, unpacked, and the name under which it was found.
struct file_content {
  std::string name;
  std::vector<std::byte> bytes;

  std::string_view text() const {
    return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
  }
};

/// A whole file as it is.
std::vector<std::byte> read_file(const std::filesystem::path& path,
                                 std::size_t limit = largest_file);

/// Unpacks a gzip stream (RFC 1952) of one or more members; `name` stands in the messages.
std::vector<std::byte> gunzip(std::span<const std::byte> packed, std::string_view name,
                              std::size_t limit = largest_file);

/// A file whose name ends in `.gz` is unpacked, another is read as it is.
file_content read_unpacked(const std::filesystem::path& path);

/// The file of this name or, where there is none, the same name with `.gz`, unpacked; an empty path
/// if there is neither.
std::filesystem::path find_plain_or_gzip(const std::filesystem::path& path);

/// Writes a file under a temporary name beside `path` and renames it when it is whole and on the
/// disk: whatever happens, `path` is the old file or the new one.
void replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes);
void replace_file(const std::filesystem::path& path, std::string_view text);

}  // namespace lamina::io
