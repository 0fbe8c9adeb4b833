// SPDX-License-Identifier: BSL-1.0
#include "../../src/program/confusion.hpp"

#include <doctest/doctest.h>

#include <array>

using namespace lamina::cli;

TEST_CASE("precision, recall and f1 of each class") {
  confusion answers(3);
  for (const auto& [label, answer] :
       {std::array<std::size_t, 2>{0, 0}, {0, 0}, {0, 1}, {1, 1}, {1, 0}, {1, 0}})
    answers.count(label, answer);
  CHECK(answers.counts()[0] == std::vector<std::size_t>{2, 1, 0});
  const auto first = answers.figures(0);
  CHECK(first.precision == doctest::Approx(0.5));
  CHECK(first.recall == doctest::Approx(2.0 / 3));
  CHECK(first.f1 == doctest::Approx(4.0 / 7));
  CHECK(first.images == 3);
  const auto never = answers.figures(2);
  CHECK(never.precision == 0);
  CHECK(never.recall == 0);
  CHECK(never.f1 == 0);
  CHECK(never.images == 0);
}

TEST_CASE("the likeliest classes first, of equals the first one") {
  CHECK(ranking(std::array<float, 4>{0.2f, 0.3f, 0.2f, 0.3f}) ==
        std::vector<std::size_t>{1, 3, 0, 2});
}
