// SPDX-License-Identifier: BSL-1.0
#include <lamina/random.hpp>
//
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <random>
#include <set>
#include <vector>

using lamina::bounded;
using lamina::counter_generator;

// the first numbers of Vigna's splitmix64.c from the states 0 and 1234567
static_assert(lamina::splitmix64(0, 0) == 0xe220a8397b1dcdaf);
static_assert(lamina::splitmix64(0, 1) == 0x6e789e6aa1b965f4);
static_assert(lamina::splitmix64(1234567, 0) == 6457827717110365317u);
static_assert(lamina::splitmix64(1234567, 1) == 3203168211198807973u);

// pinned: what a seed gives must not change from one version to the next
static_assert(lamina::random_bits(1, 2, 3) == 0x8568f7c4e53b5a35);
static_assert(lamina::dropout_key(1, 2, 3, 4) == 0xaffc12dd);
static_assert(lamina::uniform(0) == 0);
static_assert(lamina::uniform(~std::uint64_t{0}) == 1 - 0x1p-53);
static_assert(std::uniform_random_bit_generator<counter_generator>);
static_assert([] {
  counter_generator generator{7, 8};
  for (std::uint64_t i = 0; i < 5; ++i)
    if (generator() != lamina::random_bits(7, 8, i)) return false;
  return true;
}());
static_assert([] {
  std::array<std::uint32_t, 8> values{0, 1, 2, 3, 4, 5, 6, 7};
  lamina::shuffle(values, 1, 1);
  return values;
}() == std::array<std::uint32_t, 8>{7, 2, 6, 3, 0, 1, 4, 5});

TEST_CASE("bounded draws are uniform, also for a bound that divides no power of two") {
  for (const std::uint32_t bound : {1u, 2u, 3u, 7u, 10u}) {
    counter_generator generator{1, bound};
    std::vector<int> counts(bound);
    const int draws = 20'000;
    for (int i = 0; i < draws; ++i) {
      const std::uint32_t value = bounded(generator, bound);
      REQUIRE(value < bound);
      ++counts[value];
    }
    const double expected = double(draws) / bound;
    for (const int count : counts) CHECK(std::abs(count - expected) <= 5 * std::sqrt(expected));
  }
  counter_generator generator{1, 2};
  int above = 0;  // 3/4 of 2^32 rejects a quarter of the draws
  for (int i = 0; i < 20'000; ++i) above += bounded(generator, 0xc0000000u) >= 0x60000000u;
  CHECK(std::abs(above - 10'000) < 500);
}

TEST_CASE("uniform numbers have the moments of the uniform distribution") {
  for (const std::uint64_t seed : {0u, 1u, 2u}) {
    counter_generator generator{seed, 0};
    double sum = 0, squares = 0;
    const int draws = 100'000;
    for (int i = 0; i < draws; ++i) {
      const double u = lamina::uniform(generator);
      REQUIRE((u >= 0 && u < 1));
      sum += u;
      squares += u * u;
    }
    CHECK(sum / draws == doctest::Approx(0.5).epsilon(0.01));
    CHECK(squares / draws == doctest::Approx(1.0 / 3).epsilon(0.01));
  }
}

TEST_CASE("a shuffle is a permutation of its own for each seed and epoch") {
  std::set<std::vector<std::uint32_t>> seen;
  for (std::uint64_t seed : {1u, 2u})
    for (std::uint64_t epoch : {1u, 2u, 3u}) {
      std::vector<std::uint32_t> values(100), sorted(100);
      std::iota(values.begin(), values.end(), 0u);
      sorted = values;
      lamina::shuffle(values, seed, epoch);
      CHECK(seen.insert(values).second);
      std::sort(values.begin(), values.end());
      CHECK(values == sorted);
    }
  std::vector<std::uint32_t> none, one{5};
  lamina::shuffle(none, 1, 1);
  lamina::shuffle(one, 1, 1);
  CHECK(one == std::vector<std::uint32_t>{5});
}

TEST_CASE("each place is equally likely after a shuffle") {
  std::array<std::array<int, 5>, 5> counts{};
  for (std::uint64_t epoch = 0; epoch < 10'000; ++epoch) {
    std::array<std::uint32_t, 5> values{0, 1, 2, 3, 4};
    lamina::shuffle(values, 1, epoch);
    for (std::size_t i = 0; i < 5; ++i) ++counts[i][values[i]];
  }
  for (const auto& row : counts)
    for (const int count : row) CHECK(std::abs(count - 2'000) < 200);
}

TEST_CASE("dropout keys differ in each argument") {
  std::set<std::uint32_t> keys;
  for (std::uint64_t seed = 0; seed < 4; ++seed)
    for (std::uint64_t epoch = 0; epoch < 4; ++epoch)
      for (std::uint64_t sample = 0; sample < 4; ++sample)
        for (std::uint64_t layer = 0; layer < 4; ++layer)
          keys.insert(lamina::dropout_key(seed, epoch, sample, layer));
  CHECK(keys.size() == 256);
}
