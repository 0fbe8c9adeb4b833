// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>
#include <utility>

#include "lamina/error.hpp"
#include "lamina/text.hpp"

namespace lamina {
namespace detail {

/// A file descriptor that closes itself.
class descriptor {
 public:
  descriptor(const std::string& path, int flags) : number_{::open(path.c_str(), flags, 0666)} {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() { close(); }

  explicit operator bool() const { return number_ >= 0; }
  int number() const { return number_; }
  /// False, with errno, if what was written may not have arrived.
  bool close() { return number_ < 0 || ::close(std::exchange(number_, -1)) == 0; }

 private:
  int number_;
};

inline bool write_all(int file, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// The folder of a path, ".", if the path has none.
inline std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, slash == 0 ? 1 : slash);
}

[[noreturn]] inline void file_error(const std::string& path, const char* what, int number) {
  throw error(joined(path, ": ", what, ": ", std::strerror(number)));
}

}  // namespace detail

/// The bytes of a file. Throws `error` if it cannot be read.
inline std::string read_file(const std::string& path) {
  detail::descriptor file{path, O_RDONLY | O_CLOEXEC};
  if (!file) detail::file_error(path, "cannot open", errno);
  struct stat about {};
  if (::fstat(file.number(), &about) != 0) detail::file_error(path, "cannot read", errno);
  // one more than is told, which the end of the file leaves free
  std::string bytes(about.st_size > 0 ? static_cast<std::size_t>(about.st_size) + 1 : 0, '\0');
  std::size_t size = 0;
  for (;;) {
    if (size == bytes.size()) bytes.resize(size + 4096);
    const ssize_t got = ::read(file.number(), bytes.data() + size, bytes.size() - size);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) detail::file_error(path, "cannot read", errno);
    if (got == 0) break;
    size += static_cast<std::size_t>(got);
  }
  bytes.resize(size);
  return bytes;
}

/// What was renamed or removed in a folder is on the disk.
inline void sync_folder(const std::string& path) {
  const detail::descriptor folder{path, O_RDONLY | O_DIRECTORY | O_CLOEXEC};
  if (folder) ::fsync(folder.number());
}

/// Writes a file so that at any instant, also after a loss of power, the path has either all of its
/// old content or all of the new one: a temporary file in the same folder, named
/// "<path>.<process>-<number>.partial", takes the path's name when it is on the disk. Throws
/// `error`, and leaves the old file and no temporary one, if that fails.
inline void write_file_atomically(const std::string& path, std::string_view bytes) {
  static std::atomic<unsigned> count{0};
  const std::string temporary = detail::joined(path, '.', ::getpid(), '-', count++, ".partial");
  detail::descriptor file{temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC};
  if (!file) detail::file_error(path, "cannot write", errno);
  if (!detail::write_all(file.number(), bytes) || ::fsync(file.number()) != 0 || !file.close() ||
      ::rename(temporary.c_str(), path.c_str()) != 0) {
    const int number = errno;
    ::unlink(temporary.c_str());
    detail::file_error(path, "cannot write", number);
  }
  sync_folder(detail::folder_of(path));
}

}  // namespace lamina
