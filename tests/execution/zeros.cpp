// SPDX-License-Identifier: BSL-1.0
// Networks that leave out what is zero in their images, against the same behind a layer that
// changes nothing, whose dense layers do not read the images themselves.
#include <lamina/train/trainer.hpp>
//
#include <doctest/doctest.h>

#include <algorithm>
#include <lamina/random.hpp>
#include <vector>

#include "train/values_of.hpp"

using namespace lamina;
using test::values_of;

namespace {

using net = network<input<13, 11, 1>, flatten, dense<70>, relu, dense<4>, softmax>;
using behind = network<input<13, 11, 1>, relu, flatten, dense<70>, relu, dense<4>, softmax>;

using blueprint = detail::blueprint<net::located_layers, fusion_mode::training>;
static_assert(blueprint::leaves_out_zeros);
static_assert(!detail::blueprint<behind::located_layers, fusion_mode::training>::leaves_out_zeros);

/// Digits of a kind: black around, the middle of each image in another place.
struct pictures {
  std::vector<float> values = std::vector<float>(50 * 13 * 11);
  std::vector<std::uint8_t> labels = std::vector<std::uint8_t>(50);

  pictures() {
    counter_generator draw{7, 7};
    for (std::size_t i = 0; i < labels.size(); ++i) {
      labels[i] = static_cast<std::uint8_t>(bounded(draw, 4));
      const std::size_t top = 3 + i % 3, left = 2 + i % 4;
      for (std::size_t y = top; y < top + 6; ++y)
        for (std::size_t x = left; x < left + 5; ++x)
          values[(i * 13 + y) * 11 + x] = static_cast<float>(uniform(draw));
    }
  }
  examples view() const { return examples::of(std::span{values}, 13 * 11, labels); }
};

template <class To, class From>
void take(To& to, From& from) {
  auto tensors = to.parameters();
  const auto others = from.parameters();
  REQUIRE(tensors.size() == others.size());
  for (std::size_t i = 0; i < tensors.size(); ++i)
    std::ranges::copy(others[i].values, tensors[i].values.begin());
}

}  // namespace

TEST_CASE("zeros of the images left out: the same training to the bit") {
  const pictures data;
  trainer<net> subject{{.seed = 3}};
  trainer<behind> other{{.seed = 4}};
  take(other, subject);
  for (int step = 0; step < 3; ++step) {
    const auto found = subject.step(data.view()), expected = other.step(data.view());
    CHECK(found.loss == expected.loss);
  }
  CHECK(values_of(subject) == values_of(other));
  const auto found = subject.evaluate(data.view()), expected = other.evaluate(data.view());
  CHECK(found.loss == expected.loss);
  CHECK(found.accuracy == expected.accuracy);
}

TEST_CASE("images that are not zero where they are black") {
  const pictures data;
  examples moved = data.view();
  moved.offset = 0.5;
  trainer<net> subject{{.seed = 3}};
  trainer<behind> other{{.seed = 4}};
  take(other, subject);
  subject.step(moved);
  other.step(moved);
  CHECK(values_of(subject) == values_of(other));
}
