// SPDX-License-Identifier: BSL-1.0
#include <lamina/execution/augment.hpp>

#include <lamina/augment/policy.hpp>
#include <lamina/execution/buffer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

#include "slow_pictures.hpp"
#include "vectors.hpp"

using namespace lamina;

namespace {

constexpr auto lanes = static_cast<std::size_t>(kernels::lanes);

/// A picture in every lane through the library; the result of one lane.
template <class T>
slow::picture through(const augment_plan& plan, const execution::drawn_block& drawn,
                      const slow::picture& from, std::size_t lane) {
  const execution::augmenter<T, kernels::native> subject(plan,
                                                         {from.height, from.width, from.channels});
  execution::buffer<T> source(from.values.size() * lanes), to(from.values.size() * lanes),
      scratch(subject.scratch_of_a_block());
  for (std::size_t i = 0; i < from.values.size() * lanes; ++i)
    source.data()[i] = static_cast<T>(from.values[i / lanes]);
  subject.apply(drawn, source.data(), scratch.data(), to.data());
  slow::picture result = from;
  for (std::size_t i = 0; i < from.values.size(); ++i)
    result.values[i] = static_cast<double>(to.data()[i * lanes + lane]);
  return result;
}

template <class T>
slow::picture through(const augment_plan& plan, const drawn_augmentation& drawn,
                      const slow::picture& from) {
  execution::drawn_block block;
  block.lane[5] = drawn;
  return through<T>(plan, block, from, 5);
}

slow::picture noise(int height, int width, int channels) {
  slow::picture result{height, width, channels};
  counter_generator random{3, 9};
  for (int i = 0; i < height * width * channels; ++i) result.values.push_back(uniform(random));
  return result;
}

double distance(std::span<const double> a, std::span<const double> b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(a[i] - b[i]));
  return most;
}

constexpr augment_plan geometric(fill_mode mode, double value = 0) {
  augment_plan plan = augmentation<rotate<10>>::plan;
  plan.fill = mode;
  plan.fill_value = value;
  return plan;
}

constexpr fill_mode modes[] = {fill_mode::nearest, fill_mode::constant, fill_mode::reflect,
                               fill_mode::wrap};

slow::picture vector_picture() {
  slow::picture result{vectors::height, vectors::width, 1};
  for (const int pixel : vectors::picture) result.values.push_back(pixel / 255.0);
  return result;
}

/// Against another implementation.
void check_map(const affine_map& map, std::span<const double> expected,
               fill_mode mode = fill_mode::nearest) {
  const auto plan = geometric(mode, mode == fill_mode::constant ? 0.25 : 0);
  const drawn_augmentation drawn{.map = map};
  CHECK(distance(through<double>(plan, drawn, vector_picture()).values, expected) < 1e-7);
  CHECK(distance(through<float>(plan, drawn, vector_picture()).values, expected) < 1e-5);
}

}  // namespace

TEST_CASE("maps: as scikit-image and SciPy resample") {
  check_map(affine_map::rotation(10), vectors::rotated);
  check_map(affine_map::zooming(0.8, 1.15), vectors::zoomed);
  check_map(affine_map::shifting(1.3, -2.2), vectors::shifted);
  check_map(affine_map::shearing(12), vectors::sheared);
  const auto every = affine_map::rotation(-17)
                         .then(affine_map::shifting(1.3, -2.2))
                         .then(affine_map::shearing(12))
                         .then(affine_map::zooming(0.85, 1.1));
  check_map(every, vectors::every_nearest);
  check_map(every, vectors::every_constant, fill_mode::constant);
  check_map(every, vectors::every_reflect, fill_mode::reflect);
  check_map(every, vectors::every_wrap, fill_mode::wrap);
}

TEST_CASE("elastic: as SciPy smooths and resamples") {
  const augment_plan plan = augmentation<elastic<6, 1.5>>::plan;
  const drawn_augmentation drawn{.elastic_key = 12345};
  CHECK(distance(through<double>(plan, drawn, vector_picture()).values, vectors::elastic) < 1e-7);
  CHECK(distance(through<float>(plan, drawn, vector_picture()).values, vectors::elastic) < 1e-4);
}

TEST_CASE("brightness and contrast: as Pillow, but for its rounding") {
  const auto brightened =
      through<float>(augmentation<brightness<0.5>>::plan, {.brightness = 1.35}, vector_picture());
  CHECK(distance(brightened.values, vectors::brightened) < 1.01 / 255);
  const auto stretched =
      through<float>(augmentation<contrast<0.5>>::plan, {.contrast = 0.7}, vector_picture());
  CHECK(distance(stretched.values, vectors::stretched) < 1.01 / 255);
}

TEST_CASE("maps: as the slow reference, every mode, far beyond the edges, several channels") {
  const affine_map maps[] = {affine_map::rotation(33),
                             affine_map::zooming(2.7, 0.4),
                             affine_map::shifting(-25.25, 31.5),
                             affine_map::rotation(180).then(affine_map::zooming(5, 6)),
                             affine_map::mirroring(),
                             affine_map{}};
  for (const auto& from : {noise(7, 5, 3), noise(28, 28, 1), noise(1, 6, 2)})
    for (const auto& map : maps)
      for (const auto mode : modes) {
        CAPTURE(static_cast<int>(mode));
        const auto expected = slow::resample(from, map, {mode, 0.5});
        const auto plan = geometric(mode, 0.5);
        CHECK(distance(through<double>(plan, {.map = map}, from).values, expected.values) < 1e-9);
        // A sample on the very edge may fall on either side of it.
        if (mode != fill_mode::constant)
          CHECK(distance(through<float>(plan, {.map = map}, from).values, expected.values) < 1e-4);
      }
}

TEST_CASE("no map and the mirror image keep every bit") {
  const auto from = noise(6, 9, 1);
  auto mirrored = from;
  for (std::size_t y = 0; y < 6; ++y)
    std::reverse(mirrored.values.begin() + static_cast<std::ptrdiff_t>(9 * y),
                 mirrored.values.begin() + static_cast<std::ptrdiff_t>(9 * y + 9));
  for (const auto mode : modes) {
    CHECK(through<double>(geometric(mode), drawn_augmentation{}, from).values == from.values);
    CHECK(through<double>(geometric(mode), {.map = affine_map::mirroring()}, from).values ==
          mirrored.values);
  }
}

TEST_CASE("composed is one after another, for a picture that interpolation leaves exact") {
  // Values that are linear in row and column are interpolated without a mistake away from the edge.
  slow::picture from{41, 41, 1};
  for (int i = 0; i < 41 * 41; ++i) from.values.push_back((i / 41 * 3 + i % 41 * 2) / 250.0);
  const affine_map steps[] = {affine_map::rotation(9), affine_map::zooming(0.9, 1.05),
                              affine_map::shifting(1.75, -2.5), affine_map::shearing(7),
                              affine_map::mirroring()};
  affine_map all;
  auto one_by_one = from;
  for (const auto& step : steps) {
    all = all.then(step);
    one_by_one = slow::resample(one_by_one, step, {});
  }
  const auto at_once = through<float>(geometric(fill_mode::nearest), {.map = all}, from);
  for (int y = 12; y < 29; ++y)
    for (int x = 12; x < 29; ++x)
      CHECK(std::abs(at_once.at(0, y, x) - one_by_one.at(0, y, x)) < 1e-5);
}

TEST_CASE("contrast and brightness cut what leaves 0 to 1") {
  slow::picture from{1, 4, 1, {0.0, 0.2, 0.8, 1.0}};
  const auto bright =
      through<double>(augmentation<brightness<0, 2>>::plan, {.brightness = 1.5}, from);
  CHECK(distance(bright.values, std::array{0.0, 0.3, 1.0, 1.0}) < 1e-12);
  const auto strong = through<double>(augmentation<contrast<0, 2>>::plan, {.contrast = 2}, from);
  CHECK(distance(strong.values, std::array{0.0, 0.0, 1.0, 1.0}) < 1e-12);
}

TEST_CASE("cutout blackens a square, as far as it lies inside") {
  slow::picture from{5, 6, 2, std::vector<double>(60, 1.0)};
  const auto found =
      through<float>(augmentation<cutout<3>>::plan, {.cutout_row = 4, .cutout_column = 2}, from);
  for (int c = 0; c < 2; ++c)
    for (int y = 0; y < 5; ++y)
      for (int x = 0; x < 6; ++x)
        CHECK(found.at(c, y, x) == (y >= 3 && x >= 1 && x <= 3 ? 0.0 : 1.0));
}

TEST_CASE("a picture does not depend on its lane nor on its neighbours") {
  using everything = augmentation<rotate<20>, zoom<0.2>, shift<0.1>, shear<10>, flip_horizontal,
                                  brightness<0.4>, contrast<0.3>, cutout<4>, elastic<4, 2>>;
  const auto from = noise(13, 11, 1);
  execution::drawn_block drawn;
  for (std::uint32_t l = 0; l < lanes; ++l)
    drawn.lane[l] = draw_augmentation(everything::plan, 1, 2, l, 13, 11, 100);
  for (std::size_t l = 0; l < lanes; ++l) {
    const auto alone = through<float>(everything::plan, drawn.lane[l], from);
    CHECK(through<float>(everything::plan, drawn, from, l).values == alone.values);
  }
}
