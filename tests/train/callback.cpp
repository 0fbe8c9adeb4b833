// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/callback.hpp>
//
#include <doctest/doctest.h>

#include <functional>
#include <memory>

namespace {

using lamina::callback;

int twice(int x) { return 2 * x; }

struct half {
  double operator()(int x) const { return x / 2.0; }
};

TEST_CASE("a callback is empty, or calls what it was made of") {
  CHECK_FALSE(callback<int(int)>{});
  CHECK_FALSE(callback<int(int)>{nullptr});
  CHECK(callback<int(int)>{twice}(4) == 8);
  CHECK(callback<double(int)>{half{}}(3) == 1.5);
  int sum = 0;
  const callback<void(int)> add = [&](int x) { return sum += x; };  // what it returns is left
  add(2);
  add(3);
  CHECK(sum == 5);
}

TEST_CASE("of a null pointer or an empty std::function a callback is empty") {
  int (*none)(int) = nullptr;
  CHECK_FALSE(callback<int(int)>{none});
  CHECK_FALSE(callback<int(int)>{std::function<int(int)>{}});
  CHECK(callback<int(int)>{std::function<int(int)>{twice}}(1) == 2);
}

TEST_CASE("a copy of a callback has a state of its own, a moved one takes it along") {
  const auto count = [n = 0]() mutable { return ++n; };
  callback<int()> first = count;
  CHECK(first() == 1);
  callback<int()> second = first;
  CHECK(first() == 2);
  CHECK(second() == 2);
  const callback<int()> third = std::move(first);
  CHECK(third() == 3);
  second = third;
  CHECK(second() == 4);
  CHECK(third() == 4);
}

TEST_CASE("a callback lets go of what it holds") {
  const auto held = std::make_shared<int>(7);
  {
    callback<int()> from = [held] { return *held; };
    const callback<int()> copy = from;
    CHECK(held.use_count() == 3);
    from = nullptr;
    CHECK(held.use_count() == 2);
    CHECK(copy() == 7);
  }
  CHECK(held.use_count() == 1);
}

static_assert(!std::is_constructible_v<callback<int(int)>, int>);
static_assert(!std::is_constructible_v<callback<int(int)>, void (*)(int)>);

}  // namespace
