// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/progress.hpp>
//
#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

namespace {

/// What a bar wrote of one epoch of 100 steps, 20 ms of which are waited for.
template <class... Shown>
std::string written(int pauses, Shown... shown) {
  std::FILE* file = std::tmpfile();
  REQUIRE(file);
  lamina::progress_bar bar{file, shown...};
  bar.begin_epoch(2, 5, 100, 1600);
  for (std::size_t done = 1; done <= 100; ++done) {
    if (done <= static_cast<std::size_t>(pauses))
      std::this_thread::sleep_for(std::chrono::milliseconds{20});
    bar.step(done, 0.25, 0.5);
  }
  bar.end_epoch({.epoch = 2, .loss = 0.125, .accuracy = 0.75, .test_accuracy = 0.875});
  std::string text;
  std::rewind(file);
  for (int c; (c = std::fgetc(file)) != EOF;) text += static_cast<char>(c);
  std::fclose(file);
  return text;
}

}  // namespace

TEST_CASE("a progress bar is silent where there is no terminal") { CHECK(written(6) == ""); }

TEST_CASE("a progress bar writes at most ten times a second, and a summary") {
  const std::string text = written(12, true);
  const auto lines = std::count(text.begin(), text.end(), '\r');
  CHECK(lines >= 2);  // the summary is one
  CHECK(lines <= 20);
  CHECK(text.starts_with("\repoch 2/5 ["));
  CHECK(text.find("/100  ") != text.npos);
  CHECK(text.find("images/s  loss 0.2500  accuracy 0.5000  0:0") != text.npos);
  const std::string last = text.substr(text.rfind('\r'));
  CHECK(last.starts_with("\repoch 2/5  loss 0.1250  accuracy 0.7500  test 0.8750  0."));
  CHECK(last.find('\n') == last.size() - 1);
}

TEST_CASE("lines of a progress bar are at most 99 wide") {
  const std::string text = written(12, true);
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = std::min(text.find('\r', at + 1), text.size());
    CHECK(end - at - 1 <= 100);
    at = end;
  }
}

TEST_CASE("an epoch without steps is no reason to fail") {
  std::FILE* file = std::tmpfile();
  lamina::progress_bar bar{file, true};
  bar.begin_epoch(1, 1, 0, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds{110});
  bar.step(0, 1e300, 0);
  bar.end_epoch({});
  CHECK(std::ftell(file) > 0);
  std::fclose(file);
}

TEST_CASE("what is not overridden does nothing") {
  lamina::progress silent;
  silent.begin_epoch(1, 1, 1, 1);
  silent.step(1, 0, 0);
  silent.end_epoch({});
}
