// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/files.hpp>

#include "temporary_folder.hpp"
#include "test_bytes.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace lamina::io;

TEST_CASE("a file is read as it is") {
  const temporary_folder folder;
  const std::string content("\0two\nlines\xff", 11);
  write(folder / "a", content);
  CHECK(read_unpacked(folder / "a").text == content);
  CHECK(read_unpacked(folder / "a").name == (folder / "a").string());
  CHECK(message_of([&] {
          read_unpacked(folder / "b");
        }).starts_with((folder / "b").string() + ": cannot open: No such file"));
  CHECK(message_of([&] {
          read_unpacked(folder.path);
        }).starts_with(folder.path.string() + ": cannot read: Is a directory"));
}

TEST_CASE("plain first, then .gz") {
  const temporary_folder folder;
  CHECK(find_plain_or_gzip(folder / "a").empty());
  write(folder / "a.gz", gzip("packed"));
  CHECK(find_plain_or_gzip(folder / "a") == folder / "a.gz");
  CHECK(read_unpacked(folder / "a.gz").text == "packed");
  write(folder / "a", "plain");
  CHECK(find_plain_or_gzip(folder / "a") == folder / "a");
}

TEST_CASE("gzip streams of all sizes") {
  for (const std::size_t size : std::vector<std::size_t>{0, 1, 5, 1000, 300'000}) {
    std::string content;
    for (std::size_t i = 0; i < size; ++i) content += static_cast<char>(i * i >> 3);
    CHECK(gunzip(gzip(content), "x.gz") == content);
  }
  const std::string members = gzip("one, ") + gzip("") + gzip("two");
  CHECK(gunzip(members, "x.gz") == "one, two");
}

TEST_CASE("gzip streams that are not whole") {
  std::string content;
  for (int i = 0; i < 500; ++i) content += std::to_string(i * 7919);
  const auto packed = gzip(content);
  for (std::size_t n = 1; n < packed.size(); ++n) {
    const auto message = message_of([&] { gunzip(std::string_view(packed).substr(0, n), "x.gz"); });
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
          gunzip("plain text", "x.gz");
        }).ends_with("expected a whole gzip stream, found incorrect header check"));
  CHECK(message_of([&] {
          gunzip(packed + "garbage", "x.gz");
        }).ends_with("expected a whole gzip stream, found incorrect header check"));
  auto damaged = packed;
  damaged[packed.size() - 6] = static_cast<char>(damaged[packed.size() - 6] ^ 1);
  CHECK(message_of([&] {
          gunzip(damaged, "x.gz");
        }).ends_with("expected a whole gzip stream, found incorrect data check"));
}

TEST_CASE("a stream that unpacks to more than is allowed, or says so") {
  const auto packed = gzip(std::string(100'000, 'a'));
  CHECK(gunzip(packed, "x.gz", 100'000).size() == 100'000);
  CHECK(message_of([&] { gunzip(packed, "x.gz", 99'999); }) ==
        "x.gz: expected at most 99999 unpacked bytes, found more");
  auto lying = gzip("short");
  for (std::size_t i = 1; i <= 4; ++i) lying[lying.size() - i] = '\xff';
  CHECK(message_of([&] {
          gunzip(lying, "x.gz");
        }).ends_with("expected a whole gzip stream, found incorrect length check"));
}
