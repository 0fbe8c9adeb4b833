// SPDX-License-Identifier: BSL-1.0
#include "few_images.hpp"

TEST_CASE("a few images are predicted as a block of them is, in double") {
  lamina::test::check_all_against_a_block<double>();
}
