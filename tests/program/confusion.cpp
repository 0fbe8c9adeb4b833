// SPDX-License-Identifier: BSL-1.0
#include "../../src/program/confusion.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cmath>

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

TEST_CASE("the pairs that are confused most often") {
  confusion answers(3);
  for (const auto& [label, answer] :
       {std::array<std::size_t, 2>{0, 0}, {0, 1}, {1, 1}, {2, 0}, {2, 0}, {1, 0}, {1, 2}})
    answers.count(label, answer);
  const auto pairs = answers.most_confused(3);
  REQUIRE(pairs.size() == 3);
  CHECK((pairs[0].label == 2 && pairs[0].answer == 0 && pairs[0].images == 2));
  CHECK((pairs[1].label == 0 && pairs[1].answer == 1 && pairs[1].images == 1));
  CHECK((pairs[2].label == 1 && pairs[2].answer == 0));
  CHECK(answers.most_confused(100).size() == 4);
}

TEST_CASE("the calibration error is the mean distance of accuracy from confidence in 15 bins") {
  // two bins: 0.9 to 1 with two of three right, 0.5 to 0.53 with one of one
  const std::array<judged_answer, 4> answers{
      {{0.95, true}, {0.97, true}, {0.99, false}, {0.52, true}}};
  const double sure = 3.0 / 4 * std::abs(2.0 / 3 - (0.95 + 0.97 + 0.99) / 3);
  CHECK(calibration_error(answers) == doctest::Approx(sure + 1.0 / 4 * (1 - 0.52)));
  CHECK(calibration_error(std::array<judged_answer, 1>{{{1, true}}}) == 0);
  CHECK(calibration_error({}) == 0);
}

TEST_CASE("the likeliest classes first, of equals the first one") {
  CHECK(ranking(std::array<float, 4>{0.2f, 0.3f, 0.2f, 0.3f}) ==
        std::vector<std::size_t>{1, 3, 0, 2});
}
