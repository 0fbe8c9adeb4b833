// SPDX-License-Identifier: BSL-1.0
#include <lamina/data/examples.hpp>

#include <doctest/doctest.h>

#include <array>

using namespace lamina;

TEST_CASE("examples view memory that is not theirs") {
  const std::array<std::uint8_t, 12> pixels{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  const std::array<std::uint8_t, 3> labels{7, 8, 9};
  const auto all = examples::of(pixels, 4, labels);
  CHECK(all.size() == 3);
  CHECK(all.image(1).pixels.data() == pixels.data() + 4);
  CHECK(all.image(1).pixels.size() == 4);
  CHECK(all.image(1).values.empty());
  CHECK(examples::of(pixels, 6).size() == 2);
  CHECK(examples{}.size() == 0);
}

TEST_CASE("examples of values with labels or targets") {
  const std::array<float, 6> values{0, 1, 2, 3, 4, 5};
  const std::array<std::uint8_t, 2> labels{1, 0};
  const std::array<float, 4> targets{10, 11, 12, 13};
  CHECK(examples::of(values, 3, labels).image(1).values[0] == 3.0f);
  const auto regression = examples::of(values, 3, targets, 2);
  CHECK(regression.size() == 2);
  const auto last = regression.subset(1, 1);
  CHECK(last.size() == 1);
  CHECK(last.values[2] == 5.0f);
  CHECK(last.targets[0] == 12.0f);
  CHECK(last.labels.empty());
}

TEST_CASE("a part of the examples") {
  const std::array<std::uint8_t, 6> pixels{0, 1, 2, 3, 4, 5};
  const std::array<std::uint8_t, 3> labels{7, 8, 9};
  const auto all = examples::of(pixels, 2, labels);
  const auto part = all.subset(1, 2);
  CHECK(part.size() == 2);
  CHECK(part.labels[0] == 8);
  CHECK(part.image(1).pixels[1] == 5);
  CHECK(all.subset(3, 0).size() == 0);
  CHECK_THROWS_WITH_AS(all.subset(2, 2), "examples: expected a part of 3 images, found 2 from 2",
                       error);
}

TEST_CASE("sizes that do not fit are refused") {
  const std::array<std::uint8_t, 6> pixels{};
  const std::array<std::uint8_t, 2> labels{};
  const std::array<float, 6> values{};
  const std::array<float, 5> targets{};
  CHECK_THROWS_WITH_AS(
      examples::of(pixels, 4),
      "examples: expected a multiple of 4 values, one image after the other, found 6", error);
  CHECK_THROWS_WITH_AS(examples::of(pixels, 0),
                       "examples: expected an image size of at least 1, found 0", error);
  CHECK_THROWS_WITH_AS(examples::of(pixels, 2, labels),
                       "examples: expected 3 labels, one for each image, found 2", error);
  CHECK_THROWS_AS(examples::of(values, 2, targets, 2), error);
  CHECK_THROWS_WITH_AS(examples::of(values, 2, targets, 5),
                       "examples: expected 3 targets, one for each image, found 1", error);
}

TEST_CASE("a data set is examples") {
  const dataset data{.pixels = {1, 2, 3, 4, 5, 6, 7, 8},
                     .labels = {0, 2},
                     .height = 2,
                     .width = 2,
                     .channels = 1,
                     .classes = 3};
  const examples seen = data;
  CHECK(seen.size() == 2);
  CHECK(seen.image_size == 4);
  CHECK(seen.pixels.data() == data.pixels.data());
  CHECK(data.image(1).pixels[0] == 5);
  CHECK(data.label(1) == 2);
}
