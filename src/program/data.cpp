// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/data_folder.hpp>
#include <lamina/io/published.hpp>

#include "commands.hpp"

#include <unistd.h>

#include <cstdio>

namespace lamina::cli {

namespace {

const io::published_set& set_of(const std::string& name) {
  return name == "mnist" ? io::published_mnist() : io::published_asl();
}

void tell(const std::string& line) { std::fprintf(stderr, "%s\n", line.c_str()); }

/// A line on the terminal, written anew for each percent, gone when the file is there.
class download_line {
 public:
  void operator()(const std::string& file, long long bytes, long long all) {
    const long long percent = all > 0 ? 100 * bytes / all : bytes >> 20;
    if (file == file_ && percent == shown_) return;
    file_ = file;
    shown_ = percent;
    std::fprintf(stderr, "\r%s: %.1f MB%s\x1b[K", file.c_str(), static_cast<double>(bytes) / 1e6,
                 all > 0 ? (", " + std::to_string(percent) + " %").c_str() : "");
    if (all > 0 && bytes == all) std::fputs("\r\x1b[K", stderr);
  }

 private:
  std::string file_;
  long long shown_ = -1;
};

}  // namespace

void fetch_data(const data_words& words) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  io::fetch(set_of(words.set), io::data_folder(words.data), words.from, tell,
            terminal ? io::download_progress(download_line{}) : io::download_progress{});
}

void verify_data(const data_words& words) {
  io::verify(set_of(words.set), io::data_folder(words.data), tell);
}

}  // namespace lamina::cli
