// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/data_folder.hpp>

#include <lamina/error.hpp>

#include <cstdlib>
#include <string>

namespace lamina::io {

namespace {

std::filesystem::path variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

}  // namespace

std::filesystem::path data_folder(const std::filesystem::path& given) {
  if (!given.empty()) return given;
  if (const auto folder = variable("LAMINA_DATA"); !folder.empty()) {
    if (!folder.is_absolute())
      throw error("LAMINA_DATA: expected an absolute path, found \"" + folder.string() + "\"");
    return folder;
  }
  // The XDG Base Directory Specification: a relative path there is invalid and to be ignored.
  if (const auto cache = variable("XDG_CACHE_HOME"); cache.is_absolute()) return cache / "lamina";
  if (const auto home = variable("HOME"); home.is_absolute()) return home / ".cache" / "lamina";
  throw error("data folder: expected LAMINA_DATA, XDG_CACHE_HOME or HOME to be set, found none");
}

}  // namespace lamina::io
