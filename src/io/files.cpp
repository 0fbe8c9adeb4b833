// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/files.hpp>

#include <lamina/error.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <system_error>

namespace lamina::io {

namespace {

/// An open file; closes itself.
class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  int get() const { return number_; }
  /// False where the last bytes could not be written.
  bool close() {
    const int number = number_;
    number_ = -1;
    return ::close(number) == 0;
  }

 private:
  int number_;
};

[[noreturn]] void fail(const std::string& name, const char* what) {
  throw error(name + ": " + what + ": " + std::strerror(errno));
}

void write_all(int file, std::span<const std::byte> bytes, const std::string& name) {
  while (!bytes.empty()) {
    const auto written = ::write(file, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(name, "cannot be written");
    bytes = bytes.subspan(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::vector<std::byte> read_file(const std::filesystem::path& path, std::size_t limit) {
  const std::string name = path.string();
  const descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat status = {};
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) fail(name, "cannot be opened");
  const auto expected = static_cast<std::size_t>(std::max<off_t>(status.st_size, 0));
  std::vector<std::byte> bytes(std::min(expected, limit) + 1);
  for (std::size_t size = 0;;) {
    const auto more = ::read(file.get(), bytes.data() + size, bytes.size() - size);
    if (more < 0 && errno == EINTR) continue;
    if (more < 0) fail(name, "cannot be read");
    size += static_cast<std::size_t>(more);
    if (size > limit)
      throw error(name + ": expected at most " + std::to_string(limit) + " bytes, found more");
    if (more == 0) {
      bytes.resize(size);
      return bytes;
    }
    if (size == bytes.size()) bytes.resize(size + std::max(size, std::size_t{1} << 16));
  }
}

file_content read_unpacked(const std::filesystem::path& path) {
  auto bytes = read_file(path);
  if (path.extension() == ".gz") bytes = gunzip(bytes, path.string());
  return {path.string(), std::move(bytes)};
}

std::filesystem::path find_plain_or_gzip(const std::filesystem::path& path) {
  auto packed = path;
  packed += ".gz";
  std::error_code ignored;
  for (const auto& candidate : {path, packed})
    if (std::filesystem::exists(candidate, ignored)) return candidate;
  return {};
}

void replace_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  std::string temporary = path.string() + ".XXXXXX";
  descriptor file(::mkostemp(temporary.data(), O_CLOEXEC));
  if (file.get() < 0) fail(path.string(), "cannot be written");
  try {
    const mode_t mask = ::umask(0);
    ::umask(mask);
    write_all(file.get(), bytes, path.string());
    if (::fchmod(file.get(), 0666 & ~mask) != 0 || ::fsync(file.get()) != 0 || !file.close() ||
        ::rename(temporary.c_str(), path.c_str()) != 0)
      fail(path.string(), "cannot be written");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
}

void replace_file(const std::filesystem::path& path, std::string_view text) {
  replace_file(path, std::as_bytes(std::span(text)));
}

}  // namespace lamina::io
