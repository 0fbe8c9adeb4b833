// SPDX-License-Identifier: BSL-1.0
#include <lamina/augment/draw.hpp>

#include <lamina/augment/policy.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

using namespace lamina;

namespace {

drawn_augmentation drawn(const augment_plan& plan, std::uint32_t sample, std::uint64_t epoch = 1,
                         std::uint64_t seed = 1) {
  return draw_augmentation(plan, seed, epoch, sample, 28, 20, 1000);
}

/// Smallest, mean and largest of what 4,000 samples draw.
template <class Amount>
std::array<double, 3> spread(const augment_plan& plan, Amount amount) {
  double low = 1e9, sum = 0, high = -1e9;
  for (std::uint32_t i = 0; i < 4000; ++i) {
    const double value = amount(drawn(plan, i));
    low = std::min(low, value), high = std::max(high, value), sum += value;
  }
  return {low, sum / 4000, high};
}

void check_spread(std::array<double, 3> found, double low, double mean, double high) {
  const double near = (high - low) / 50;
  CHECK(found[0] >= low);
  CHECK(found[0] < low + near);
  CHECK(std::abs(found[1] - mean) < near);
  CHECK(found[2] <= high);
  CHECK(found[2] > high - near);
}

}  // namespace

TEST_CASE("amounts are spread over their range") {
  const auto degrees = [](const drawn_augmentation& d) {
    return std::atan2(d.map.column_row, d.map.row_row) * 180 / std::numbers::pi;
  };
  check_spread(spread(augmentation<rotate<10>>::plan, degrees), -10, 0, 10);
  const augment_plan zooms = augmentation<zoom<0.2>>::plan;
  check_spread(spread(zooms, [](const auto& d) { return d.map.row_row; }), 0.8, 1, 1.2);
  check_spread(spread(zooms, [](const auto& d) { return d.map.column_column; }), 0.8, 1, 1.2);
  const augment_plan shifts = augmentation<shift<0.1, 0.25>>::plan;
  check_spread(spread(shifts, [](const auto& d) { return d.map.row_offset; }), -2.8, 0, 2.8);
  check_spread(spread(shifts, [](const auto& d) { return d.map.column_offset; }), -5, 0, 5);
  const auto brightness_of = [](const auto& d) { return d.brightness; };
  check_spread(spread(augmentation<brightness<0.6, 1.4>>::plan, brightness_of), 0.6, 1, 1.4);
  const auto contrast_of = [](const auto& d) { return d.contrast; };
  check_spread(spread(augmentation<contrast<0.3>>::plan, contrast_of), 0.7, 1, 1.3);
  const auto flipped = [](const auto& d) { return d.map.column_column; };
  CHECK(std::abs(spread(augmentation<flip_horizontal>::plan, flipped)[1]) < 0.06);
}

TEST_CASE("a mixup leaves a picture at least half of itself") {
  for (const double shape : {0.2, 1.0, 3.0}) {
    augment_plan plan = augmentation<mixup<1>>::plan;
    plan.steps[0].first = shape;
    const auto share = spread(plan, [](const auto& d) { return d.share; });
    CHECK(share[0] >= 0.5);
    CHECK(share[2] <= 1);
    // E max(X, 1 - X) for X of Beta(a, a): 0.75 for a = 1; more weight at the ends below it.
    if (shape == 1.0) CHECK(share[1] == doctest::Approx(0.75).epsilon(0.01));
    if (shape < 1) CHECK(share[1] > 0.85);
    if (shape > 1) CHECK(share[1] < 0.70);
  }
  const auto partner = spread(augmentation<mixup<1>>::plan,
                              [](const auto& d) { return static_cast<double>(d.partner); });
  check_spread(partner, 0, 499.5, 999);
}

TEST_CASE("draws are a function of seed, epoch and sample") {
  const augment_plan plan = augmentation<rotate<10>>::plan;
  const auto angle = [&](std::uint32_t sample, std::uint64_t epoch, std::uint64_t seed) {
    return drawn(plan, sample, epoch, seed).map.row_column;
  };
  CHECK(angle(5, 1, 1) == angle(5, 1, 1));
  CHECK(angle(5, 1, 1) != angle(6, 1, 1));
  CHECK(angle(5, 1, 1) != angle(5, 2, 1));
  CHECK(angle(5, 1, 1) != angle(5, 1, 2));
}

TEST_CASE("nothing is drawn for an empty plan") {
  const auto nothing = drawn({}, 3);
  CHECK(nothing.map.row_row == 1);
  CHECK(nothing.map.row_column == 0);
  CHECK(nothing.brightness == 1);
  CHECK(nothing.share == 1);
}
