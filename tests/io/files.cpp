// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/files.hpp>

#include "temporary_folder.hpp"
#include "test_bytes.hpp"

#include <doctest/doctest.h>

#include <sys/stat.h>
#include <unistd.h>

using namespace lamina::io;

TEST_CASE("a file is read as it is") {
  const temporary_folder folder;
  const std::string content("\0two\nlines\xff", 11);
  write(folder / "a", content);
  write(folder / "empty", "");
  CHECK(text_of(read_file(folder / "a")) == content);
  CHECK(read_file(folder / "empty").empty());
  CHECK(read_unpacked(folder / "a").text() == content);
}

TEST_CASE("a file that is not there, or no file, or too large") {
  const temporary_folder folder;
  write(folder / "a", "12345");
  CHECK(message_of([&] { read_file(folder / "b"); }) ==
        (folder / "b").string() + ": cannot be opened: No such file or directory");
  CHECK(message_of([&] { read_file(folder.path); }) ==
        folder.path.string() + ": cannot be read: Is a directory");
  CHECK(read_file(folder / "a", 5).size() == 5);
  CHECK(message_of([&] { read_file(folder / "a", 4); }) ==
        (folder / "a").string() + ": expected at most 4 bytes, found more");
}

TEST_CASE("a file whose size is not told beforehand") {
  CHECK(!read_file("/proc/self/status").empty());
}

TEST_CASE("plain first, then .gz") {
  const temporary_folder folder;
  CHECK(find_plain_or_gzip(folder / "a").empty());
  write(folder / "a.gz", gzip("packed"));
  CHECK(find_plain_or_gzip(folder / "a") == folder / "a.gz");
  CHECK(read_unpacked(folder / "a.gz").text() == "packed");
  write(folder / "a", "plain");
  CHECK(find_plain_or_gzip(folder / "a") == folder / "a");
}

TEST_CASE("gzip streams of all sizes") {
  for (const std::size_t size : {0, 1, 5, 1000, 300'000}) {
    std::string content;
    for (std::size_t i = 0; i < size; ++i) content += static_cast<char>(i * i >> 3);
    CHECK(text_of(gunzip(bytes_of(gzip(content)), "x.gz")) == content);
  }
  const std::string members = gzip("one, ") + gzip("") + gzip("two");
  CHECK(text_of(gunzip(bytes_of(members), "x.gz")) == "one, two");
}

TEST_CASE("gzip streams that are not whole") {
  std::string content;
  for (int i = 0; i < 500; ++i) content += std::to_string(i * 7919);
  const auto packed = gzip(content);
  for (std::size_t n = 1; n < packed.size(); ++n) {
    const auto message = message_of([&] { gunzip(bytes_of(packed).first(n), "x.gz"); });
    if (message != "x.gz: offset " + std::to_string(n) +
                       ": expected a whole gzip stream, found the end of the file")
      FAIL(message);
  }
  CHECK(message_of([&] { gunzip({}, "x.gz"); }) ==
        "x.gz: offset 0: expected a whole gzip stream, found an empty file");
}

TEST_CASE("gzip streams that are none, or damaged") {
  const auto packed = gzip("a content of some bytes");
  CHECK(message_of([&] {
          gunzip(bytes_of("plain text"), "x.gz");
        }).ends_with("expected a whole gzip stream, found incorrect header check"));
  CHECK(message_of([&] {
          gunzip(bytes_of(packed + "garbage"), "x.gz");
        }).ends_with("expected a whole gzip stream, found incorrect header check"));
  auto damaged = packed;
  damaged[packed.size() - 6] = static_cast<char>(damaged[packed.size() - 6] ^ 1);
  CHECK(message_of([&] {
          gunzip(bytes_of(damaged), "x.gz");
        }).ends_with("expected a whole gzip stream, found incorrect data check"));
}

TEST_CASE("a stream that unpacks to more than is allowed, or says so") {
  const auto packed = gzip(std::string(100'000, 'a'));
  CHECK(gunzip(bytes_of(packed), "x.gz", 100'000).size() == 100'000);
  CHECK(message_of([&] { gunzip(bytes_of(packed), "x.gz", 99'999); }) ==
        "x.gz: expected at most 99999 unpacked bytes, found more");
  auto lying = gzip("short");
  for (std::size_t i = 1; i <= 4; ++i) lying[lying.size() - i] = '\xff';
  CHECK(message_of([&] {
          gunzip(bytes_of(lying), "x.gz");
        }).ends_with("expected a whole gzip stream, found incorrect length check"));
}

TEST_CASE("a file is replaced whole") {
  const temporary_folder folder;
  write(folder / "a", "old");
  replace_file(folder / "a", "new content");
  CHECK(read(folder / "a") == "new content");
  struct stat status = {};
  REQUIRE(::stat((folder / "a").c_str(), &status) == 0);
  const auto mask = ::umask(0);
  ::umask(mask);
  CHECK((status.st_mode & 0777) == (0666 & ~mask));
}

TEST_CASE("a file that cannot be written leaves nothing behind") {
  const temporary_folder folder;
  CHECK(message_of([&] { replace_file(folder / "none" / "a", "x"); }) ==
        (folder / "none" / "a").string() + ": cannot be written: No such file or directory");
  std::filesystem::create_directory(folder / "a");
  CHECK(message_of([&] { replace_file(folder / "a", "x"); }) ==
        (folder / "a").string() + ": cannot be written: Is a directory");
  CHECK(std::distance(std::filesystem::directory_iterator(folder.path), {}) == 1);
}
