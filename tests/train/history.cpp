// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/history.hpp>
//
#include <doctest/doctest.h>

#include <cstring>
#include <string>

namespace {

using lamina::epoch_record;
using lamina::history;

constexpr const char* header =
    "epoch,loss,accuracy,validation_loss,validation_accuracy,test_loss,test_accuracy,seconds\n";

std::string refusal(const std::string& text) {
  try {
    history::from_csv(text, "history.csv");
  } catch (const lamina::error& refused) {
    return refused.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("a history is a table, absent figures are empty fields") {
  CHECK(history{}.csv() == header);
  history run;
  run.epochs.push_back({.epoch = 1, .loss = 0.5, .accuracy = 0.75, .seconds = 1.25});
  run.epochs.push_back({.epoch = 2, .loss = 1e-9, .accuracy = 1, .test_loss = 3});
  CHECK(run.csv() == std::string{header} + "1,0.5,0.75,,,,,1.25\n2,1e-09,1,,,3,,\n");
}

TEST_CASE("a history is read again with the same bits") {
  history run;
  run.epochs.push_back({1, 0.1, 1.0 / 3, 2.0 / 3, 1e-300, 5e-324, 0.1 + 0.2, 12.5});
  run.epochs.push_back({.epoch = 2});
  run.epochs.push_back({.epoch = 3, .loss = std::numeric_limits<double>::infinity()});
  const history again = history::from_csv(run.csv());
  REQUIRE(again.epochs.size() == 3);
  CHECK(std::memcmp(&again.epochs[0].loss, &run.epochs[0].loss, 7 * sizeof(double)) == 0);
  CHECK(again.epochs[1].loss != again.epochs[1].loss);
  CHECK(again.csv() == run.csv());
  CHECK(history::from_csv(header).epochs.empty());
}

TEST_CASE("a text that is no history is refused with its line") {
  const std::string top{header};
  CHECK(refusal("") ==
        "history.csv: expected the header '" + top.substr(0, top.size() - 1) + "', found ''");
  CHECK(refusal(top + "1,2,3\n") ==
        "history.csv: line 2: expected an epoch and 7 numbers or empty fields, found '1,2,3'");
  for (const char* line : {"", "1,,,,,,,,", "1,,,,,,,x", ",,,,,,,", "1.5,,,,,,,", "1, 2,,,,,,",
                           "99999999999,,,,,,,", "1,1e999,,,,,,"})
    CHECK(refusal(top + "1,,,,,,,\n" + line + "\n").starts_with("history.csv: line 3: expected"));
  CHECK(refusal(top + "1,,,,,,,") == "accepted");
}

TEST_CASE("the best epoch has the smallest loss, of the validation if there is one") {
  history run;
  CHECK(run.best() == nullptr);
  run.epochs.push_back({.epoch = 1});
  CHECK(run.best()->epoch == 1);
  run.epochs.push_back({.epoch = 2, .loss = 0.5});
  run.epochs.push_back({.epoch = 3, .loss = 0.5});
  CHECK(run.best()->epoch == 2);
  for (epoch_record& each : run.epochs) each.validation_loss = 1.0 / each.epoch;
  CHECK(run.best()->epoch == 3);
}
