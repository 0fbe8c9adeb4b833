// SPDX-License-Identifier: BSL-1.0
#include <lamina/data/idx.hpp>

#include <doctest/doctest.h>

#include <initializer_list>

using namespace lamina;

namespace {

std::vector<std::byte> bytes(std::initializer_list<int> values) {
  std::vector<std::byte> result;
  for (const int value : values) result.push_back(static_cast<std::byte>(value));
  return result;
}

/// Two images of 1 x 3 and their labels.
const auto images = bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6});
const auto labels = bytes({0, 0, 8, 1, 0, 0, 0, 2, 1, 0});

dataset parse_both(const std::vector<std::byte>& i, const std::vector<std::byte>& l) {
  return idx::parse_images(i, "images", l, "labels", 2);
}

}  // namespace

TEST_CASE("images and labels") {
  const auto data = parse_both(images, labels);
  CHECK(data.size() == 2);
  CHECK(data.height == 1);
  CHECK(data.width == 3);
  CHECK(data.channels == 1);
  CHECK(data.classes == 2);
  CHECK(data.label(0) == 1);
  CHECK(data.image(1).pixels[2] == 6);
}

TEST_CASE("an array lies in the memory that was parsed") {
  const auto array = idx::parse(labels, 1, "labels");
  CHECK(array.dimensions == std::vector<std::size_t>{2});
  CHECK(static_cast<const void*>(array.values.data()) == labels.data() + 8);
}

TEST_CASE("a wrong magic number") {
  CHECK_THROWS_WITH_AS(parse_both(labels, labels),
                       "images: offset 0: expected the IDX magic number 0x00000803 (bytes in 3 "
                       "dimensions), found 0x00000801",
                       error);
  CHECK_THROWS_WITH_AS(parse_both(images, images),
                       "labels: offset 0: expected the IDX magic number 0x00000801 (bytes in 1 "
                       "dimension), found 0x00000803",
                       error);
  CHECK_THROWS_WITH_AS(parse_both(bytes({0x1f, 0x8b, 8, 0}), labels),
                       "images: offset 0: expected the IDX magic number 0x00000803 (bytes in 3 "
                       "dimensions), found 0x1f8b0800",
                       error);
}

TEST_CASE("empty and truncated files") {
  CHECK_THROWS_WITH_AS(parse_both({}, labels),
                       "images: offset 0: expected the IDX magic number 0x00000803 (bytes in 3 "
                       "dimensions), found an empty file",
                       error);
  CHECK_THROWS_WITH_AS(parse_both(bytes({0, 0, 8}), labels),
                       "images: offset 0: expected the IDX magic number 0x00000803 (bytes in 3 "
                       "dimensions), found 3 bytes in all",
                       error);
  CHECK_THROWS_WITH_AS(parse_both(bytes({0, 0, 8, 3, 0, 0, 0, 2}), labels),
                       "images: offset 4: expected a header of 16 bytes, found 8 bytes in all",
                       error);
  auto truncated = images;
  truncated.resize(truncated.size() - 1);
  CHECK_THROWS_WITH_AS(
      parse_both(truncated, labels),
      "images: offset 16: expected 2 x 1 x 3 = 6 bytes as the header says, found 5", error);
}

TEST_CASE("every truncation of both files is refused") {
  for (std::size_t n = 0; n < images.size(); ++n)
    CHECK_THROWS_AS(parse_both({images.begin(), images.begin() + static_cast<long>(n)}, labels),
                    error);
  for (std::size_t n = 0; n < labels.size(); ++n)
    CHECK_THROWS_AS(parse_both(images, {labels.begin(), labels.begin() + static_cast<long>(n)}),
                    error);
}

TEST_CASE("bytes behind the last value") {
  auto longer = labels;
  longer.push_back(std::byte{0});
  CHECK_THROWS_WITH_AS(parse_both(images, longer),
                       "labels: offset 8: expected 2 bytes as the header says, found 3", error);
}

TEST_CASE("a header that promises more than memory holds") {
  const auto huge = bytes({0, 0, 8, 3, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255});
  CHECK_THROWS_WITH_AS(parse_both(huge, labels),
                       "images: offset 16: expected 4294967295 x 4294967295 x 4294967295 bytes as "
                       "the header says, found 0",
                       error);
  // 2^32 x 2^32 is 0 in 64 bits.
  const auto wrapping = bytes({0, 0, 8, 3, 128, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 4});
  CHECK_THROWS_AS(parse_both(wrapping, labels), error);
}

TEST_CASE("images without pixels") {
  const auto none = bytes({0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 3});
  CHECK_THROWS_WITH_AS(parse_both(none, labels),
                       "images: offset 8: expected images of 1 to 65535 pixels a side, found 0 x 3",
                       error);
}

TEST_CASE("image count unlike label count") {
  CHECK_THROWS_WITH_AS(parse_both(images, bytes({0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 0})),
                       "labels: expected 2 labels, as many as images in images, found 3", error);
}

TEST_CASE("a label outside the classes") {
  CHECK_THROWS_WITH_AS(parse_both(images, bytes({0, 0, 8, 1, 0, 0, 0, 2, 1, 2})),
                       "labels: offset 9: expected a label from 0 to 1, found 2", error);
}
