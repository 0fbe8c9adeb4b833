// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/files.hpp>

#include <lamina/serialize/files.hpp>

#include <system_error>

namespace lamina::io {

file_content read_unpacked(const std::filesystem::path& path) {
  std::string text = read_file(path.string());
  if (path.extension() == ".gz") text = gunzip(text, path.string());
  return {path.string(), std::move(text)};
}

std::filesystem::path find_plain_or_gzip(const std::filesystem::path& path) {
  auto packed = path;
  packed += ".gz";
  std::error_code ignored;
  for (const auto& candidate : {path, packed})
    if (std::filesystem::exists(candidate, ignored)) return candidate;
  return {};
}

}  // namespace lamina::io
