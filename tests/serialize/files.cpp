// SPDX-License-Identifier: BSL-1.0
#include <lamina/serialize/files.hpp>
//
#include "io/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct folder : temporary_folder {
  std::size_t files() const {
    return static_cast<std::size_t>(
        std::distance(fs::directory_iterator{path}, fs::directory_iterator{}));
  }
};

template <class Action>
std::string failure(Action action) {
  try {
    action();
  } catch (const lamina::error& failed) {
    return failed.what();
  }
  return "none";
}

}  // namespace

TEST_CASE("what is written is read, the second time too") {
  const folder here;
  const std::string path = here.path / "a.bin";
  for (const std::string& bytes :
       {std::string{}, std::string("a\0b", 3), std::string(1'000'000, 'x')}) {
    lamina::write_file_atomically(path, bytes);
    CHECK(lamina::read_file(path) == bytes);
    CHECK(here.files() == 1);
  }
}

TEST_CASE("a file that does not tell its size is read to its end") {
  const folder here;
  const std::string pipe = here.path / "pipe";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const std::string bytes(10'000, 'y');
  std::thread writer([&] { std::ofstream(pipe, std::ios::binary) << bytes; });
  CHECK(lamina::read_file(pipe) == bytes);
  writer.join();
}

TEST_CASE("a file in the current folder, and a mode as the umask says") {
  const folder here;
  const fs::path before = fs::current_path();
  fs::current_path(here.path);
  const mode_t mask = ::umask(027);
  lamina::write_file_atomically("plain", "1");
  ::umask(mask);
  fs::current_path(before);
  CHECK(lamina::read_file(here.path / "plain") == "1");
  CHECK(fs::status(here.path / "plain").permissions() == fs::perms{0640});
}

TEST_CASE("a failure names the file and leaves what was there") {
  const folder here;
  const std::string missing = here.path / "no" / "a", taken = here.path / "taken";
  CHECK(failure([&] { lamina::read_file(missing); }) ==
        missing + ": cannot open: No such file or directory");
  CHECK(failure([&] { lamina::write_file_atomically(missing, "1"); }) ==
        missing + ": cannot write: No such file or directory");
  CHECK(failure([&] { lamina::read_file(here.path); }) ==
        here.path.string() + ": cannot read: Is a directory");
  fs::create_directory(taken);
  CHECK(failure([&] { lamina::write_file_atomically(taken, "1"); }) ==
        taken + ": cannot write: Is a directory");
  CHECK(here.files() == 1);
}

TEST_CASE("a disk that is full leaves the old file") {
  if (!fs::exists("/dev/full")) return;
  lamina::detail::descriptor full{"/dev/full", O_WRONLY};
  REQUIRE(full);
  CHECK_FALSE(lamina::detail::write_all(full.number(), "1"));
  CHECK(errno == ENOSPC);
}

TEST_CASE("a reader sees one whole content or the other") {
  const folder here;
  const std::string path = here.path / "shared";
  const std::string contents[] = {std::string(100'000, 'a'), std::string(200'000, 'b')};
  lamina::write_file_atomically(path, contents[0]);
  std::vector<std::thread> writers;
  for (const std::string& each : contents)
    writers.emplace_back([&] {
      for (int i = 0; i < 10; ++i) lamina::write_file_atomically(path, each);
    });
  bool whole = true;
  for (int i = 0; i < 50; ++i) {
    const std::string seen = lamina::read_file(path);
    whole = whole && (seen == contents[0] || seen == contents[1]);
  }
  for (std::thread& each : writers) each.join();
  CHECK(whole);
  CHECK(here.files() == 1);
}
