// SPDX-License-Identifier: BSL-1.0
#include "few_images.hpp"

#include <algorithm>

using namespace lamina::test;

TEST_CASE("a few images are predicted as a block of them is") {
  check_all_against_a_block<float>();
}

TEST_CASE("images before and after do not change the bits of a few") {
  subject<even, float> one;
  const auto first = one.outputs(3);
  one.outputs(12);
  CHECK(one.outputs(3) == first);
  const auto more = one.outputs(7);
  CHECK(std::equal(first.begin(), first.end(), more.begin()));

  subject<wide, float> other;
  const auto alone = other.outputs(1);
  const auto all = other.outputs(12);
  CHECK(std::equal(alone.begin(), alone.end(), all.begin()));
  const auto some = other.outputs(5);
  CHECK(std::equal(some.begin(), some.end(), all.begin()));
}
