// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/preprocess.hpp>

#include <lamina/io/mnist.hpp>
#include <lamina/preprocess/policy.hpp>
#include <lamina/random.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

using namespace lamina;
using namespace lamina::io;

namespace {

picture blank(int width, int height, int grey) {
  return {width, height,
          std::vector<std::uint8_t>(static_cast<std::size_t>(width * height),
                                    static_cast<std::uint8_t>(grey))};
}

std::uint8_t& at(picture& p, int x, int y) {
  return p.pixels[static_cast<std::size_t>(y * p.width + x)];
}

/// The digit of a picture of MNIST's drawn in a larger one: `ink` on `paper`, `times` as large,
/// with grain and a shadow that makes the right side darker.
picture photographed(const picture& digit, int width, int height, int left, int top, int times,
                     int paper, int ink, int shadow) {
  picture result = blank(width, height, paper);
  counter_generator random{1, 2};
  for (int y = 0; y < height; ++y)
    for (int x = 0; x < width; ++x) {
      const int column = (x - left) / times, row = (y - top) / times;
      const bool inside = x >= left && y >= top && column < 28 && row < 28;
      const double part =
          inside ? digit.pixels[static_cast<std::size_t>(row * 28 + column)] / 255.0 : 0;
      const double grain = shadow == 0 ? 0 : 6 * uniform(random) - 3;
      at(result, x, y) = static_cast<std::uint8_t>(
          std::clamp(paper + part * (ink - paper) - shadow * x / width + grain, 0.0, 255.0));
    }
  return result;
}

double mean_distance(const picture& a, const picture& b) {
  REQUIRE(a.pixels.size() == b.pixels.size());
  double sum = 0;
  for (std::size_t i = 0; i < a.pixels.size(); ++i) sum += std::abs(a.pixels[i] - b.pixels[i]);
  return sum / static_cast<double>(a.pixels.size());
}

/// The same with `a` moved by at most a pixel: a centre of mass may lie between two.
double distance_nearby(const picture& a, const picture& b) {
  double least = 255;
  for (int dy = -1; dy <= 1; ++dy)
    for (int dx = -1; dx <= 1; ++dx) {
      picture moved = blank(28, 28, 0);
      for (int y = 1; y < 27; ++y)
        for (int x = 1; x < 27; ++x)
          at(moved, x + dx, y + dy) = a.pixels[static_cast<std::size_t>(y * 28 + x)];
      least = std::min(least, mean_distance(moved, b));
    }
  return least;
}

/// Where the mass of a picture is.
std::pair<double, double> centre(const picture& p) {
  double sum = 0, x = 0, y = 0;
  for (int i = 0; i < p.width * p.height; ++i) {
    const double value = p.pixels[static_cast<std::size_t>(i)];
    sum += value, x += value * (i % p.width), y += value * (i / p.width);
  }
  return {x / sum, y / sum};
}

/// A seven of strokes as MNIST has them, 28 x 28.
picture seven() {
  picture p = blank(28, 28, 0);
  for (int x = 8; x < 20; ++x)
    for (int y = 4; y < 7; ++y) at(p, x, y) = 255;
  for (int y = 7; y < 24; ++y)
    for (int x = 0; x < 3; ++x) at(p, 18 - (y - 7) / 2 + x, y) = 255;
  return p;
}

}  // namespace

TEST_CASE("the largest square in the middle") {
  const picture wide{4, 2, {1, 2, 3, 4, 5, 6, 7, 8}};
  CHECK(middle_square(wide).pixels == std::vector<std::uint8_t>{2, 3, 6, 7});
  const picture tall{1, 3, {1, 2, 3}};
  CHECK(middle_square(tall).pixels == std::vector<std::uint8_t>{2});
}

TEST_CASE("a photograph of a hand: square, then small") {
  picture source = blank(140, 60, 0);
  for (int y = 0; y < 60; ++y)
    for (int x = 40; x < 100; ++x) at(source, x, y) = 200;
  using policy = preprocessing<grey, crop_to_square, resize_to<28, 28>>;
  const auto found = preprocess(source, policy::plan);
  CHECK(found.width == 28);
  CHECK(found.pixels == std::vector<std::uint8_t>(784, 200));
  CHECK(to_text(policy::plan) == "grey, crop_to_square, resize_to<28, 28>");
}

TEST_CASE("ink in any place, size and colour becomes the same digit") {
  const auto expected = ink_in_the_middle(seven(), 20, 28);
  CHECK(std::abs(centre(expected).first - 14) <= 0.5);
  CHECK(std::abs(centre(expected).second - 14) <= 0.5);
  CHECK(*std::ranges::max_element(expected.pixels) == 255);
  const picture others[] = {
      photographed(seven(), 400, 300, 20, 10, 8, 230, 40, 0),     // dark ink, upper left
      photographed(seven(), 300, 400, 150, 250, 5, 220, 30, 60),  // small, in a shadow, with grain
      photographed(seven(), 120, 120, 30, 30, 2, 20, 200, 0),     // chalk
      photographed(seven(), 2000, 1500, 600, 100, 45, 200, 60, 80)};
  for (const auto& other : others) {
    const auto found = ink_in_the_middle(other, 20, 28);
    CAPTURE(other.width);
    CHECK(distance_nearby(found, expected) < 6);
    CHECK(std::abs(centre(found).first - 14) <= 0.5);
    CHECK(std::abs(centre(found).second - 14) <= 0.5);
  }
}

TEST_CASE("specks are no ink, and paper alone is black") {
  auto source = photographed(seven(), 400, 400, 100, 100, 6, 230, 40, 0);
  at(source, 5, 5) = 0;
  at(source, 390, 395) = 0;
  CHECK(distance_nearby(ink_in_the_middle(source, 20, 28), ink_in_the_middle(seven(), 20, 28)) < 6);
  CHECK(ink_in_the_middle(blank(50, 40, 190), 20, 28).pixels == std::vector<std::uint8_t>(784, 0));
  CHECK(ink_in_the_middle(blank(1, 1, 0), 20, 28).pixels == std::vector<std::uint8_t>(784, 0));
}

TEST_CASE("the digits of MNIST stay as they are") {
  if (std::getenv("LAMINA_DATA") == nullptr) {
    MESSAGE("skipped: LAMINA_DATA is not set");
    return;
  }
  const auto test = mnist::load().test;
  double worst = 0, sum = 0;
  for (std::size_t i = 0; i < 1000; ++i) {
    const auto pixels = test.image(i).pixels;
    const picture digit{28, 28, {pixels.begin(), pixels.end()}};
    const double distance = distance_nearby(ink_in_the_middle(digit, 20, 28), digit);
    worst = std::max(worst, distance);
    sum += distance;
  }
  CHECK(sum / 1000 < 1);
  CHECK(worst < 12);
}

TEST_CASE("metadata tells the amounts") {
  using policy = preprocessing<grey, centre_ink<20, 28>, scale_to<-1, 1>, standardise<0.5, 0.25>>;
  CHECK(to_text(policy::plan) ==
        "grey, centre_ink<20, 28>, scale_to<-1, 1>, standardise<0.5, 0.25>");
}
