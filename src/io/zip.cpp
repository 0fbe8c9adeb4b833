// SPDX-License-Identifier: BSL-1.0
#include "zip.hpp"

#include <lamina/error.hpp>
#include <lamina/io/files.hpp>

#include <zip.h>

#include <fstream>
#include <memory>
#include <string_view>

namespace lamina::io {

namespace {

using archive_handle = std::unique_ptr<zip_t, void (*)(zip_t*)>;

archive_handle open(const std::filesystem::path& path) {
  int code = 0;
  zip_t* const opened = zip_open(path.c_str(), ZIP_RDONLY, &code);
  if (opened) return {opened, &zip_discard};
  zip_error_t problem;
  zip_error_init_with_code(&problem, code);
  const std::string message = zip_error_strerror(&problem);
  zip_error_fini(&problem);
  throw error(path.string() + ": expected a whole zip archive, found: " + message);
}

/// The entry of that name in the outermost folder; -1 where there is none.
zip_int64_t find(zip_t* archive, std::string_view name) {
  zip_int64_t found = -1;
  std::size_t depth = 0;
  for (zip_int64_t i = 0; i < zip_get_num_entries(archive, 0); ++i) {
    const char* const entry = zip_get_name(archive, static_cast<zip_uint64_t>(i), 0);
    const std::string_view path = entry ? entry : "";
    const auto slash = path.rfind('/');
    if (path.substr(slash == path.npos ? 0 : slash + 1) != name) continue;
    if (found < 0 || path.size() < depth) found = i, depth = path.size();
  }
  return found;
}

}  // namespace

bool detail::is_zip(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  char magic[4] = {};
  file.read(magic, 4);
  return std::string_view(magic, 4) == std::string_view("PK\3\4", 4);
}

std::string detail::read_from_zip(const std::filesystem::path& path, const std::string& name) {
  const auto archive = open(path);
  const auto index = find(archive.get(), name);
  if (index < 0)
    throw error(path.string() + ": expected an archive with " + name + ", found none in it");
  zip_stat_t told;
  if (zip_stat_index(archive.get(), static_cast<zip_uint64_t>(index), 0, &told) != 0 ||
      told.size > largest_file)
    throw error(path.string() + ": " + name + ": expected at most " + std::to_string(largest_file) +
                " bytes, found more");
  std::string content(static_cast<std::size_t>(told.size), '\0');
  const std::unique_ptr<zip_file_t, int (*)(zip_file_t*)> file(
      zip_fopen_index(archive.get(), static_cast<zip_uint64_t>(index), 0), &zip_fclose);
  const auto done = file ? zip_fread(file.get(), content.data(), told.size) : -1;
  if (done != static_cast<zip_int64_t>(told.size))
    throw error(path.string() + ": " + name +
                ": expected a whole file in the archive, found: " + zip_strerror(archive.get()));
  return content;
}

}  // namespace lamina::io
