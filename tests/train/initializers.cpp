// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/initializers.hpp>
//
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <vector>

namespace {

using lamina::initializer;

constexpr double fan_in = 300, fan_out = 100;

std::vector<float> filled(initializer kind, std::size_t size = 50'000, std::uint64_t seed = 1,
                          std::uint64_t stream = 0) {
  std::vector<float> values(size, -9);
  lamina::initialize<float>(kind, values, fan_in, fan_out, seed, stream);
  return values;
}

struct moments {
  double mean = 0, deviation = 0, largest = 0;
};

moments measure(const std::vector<float>& values) {
  moments m;
  for (const double value : values) {
    m.mean += value;
    m.deviation += value * value;
    m.largest = std::max(m.largest, std::abs(value));
  }
  m.mean /= static_cast<double>(values.size());
  m.deviation = std::sqrt(m.deviation / static_cast<double>(values.size()));
  return m;
}

}  // namespace

TEST_CASE("uniform initializers fill their interval evenly") {
  const double glorot = std::sqrt(6 / (fan_in + fan_out)), he = std::sqrt(6 / fan_in),
               torch = std::sqrt(1 / fan_in);
  for (const auto& [kind, limit] : {std::pair{initializer::glorot_uniform, glorot},
                                    {initializer::he_uniform, he},
                                    {initializer::torch_uniform, torch}}) {
    const moments m = measure(filled(kind));
    CHECK(m.largest <= limit);
    CHECK(m.largest > 0.999 * limit);
    CHECK(std::abs(m.mean) < 0.01 * limit);
    CHECK(m.deviation == doctest::Approx(limit / std::sqrt(3.0)).epsilon(0.01));
  }
}

TEST_CASE("he_normal has the variance 2 / fan_in and no value beyond two deviations") {
  const std::vector<float> values = filled(initializer::he_normal);
  const moments m = measure(values);
  const double deviation = std::sqrt(2 / fan_in), before = deviation / 0.87962566103423978;
  CHECK(m.deviation == doctest::Approx(deviation).epsilon(0.01));
  CHECK(std::abs(m.mean) < 0.02 * deviation);
  CHECK(m.largest <= 2 * before);
  CHECK(m.largest > 1.99 * before);
  // within one deviation: erf(1 / sqrt 2) / erf(2 / sqrt 2) = 0.71521
  const auto inside = std::count_if(values.begin(), values.end(),
                                    [&](float value) { return std::abs(value) < before; });
  CHECK(static_cast<double>(inside) / 50'000 == doctest::Approx(0.71521).epsilon(0.01));
}

TEST_CASE("von Neumann's method accepts with probability exp(-x)") {
  for (const double x : {0.0, 0.1, 0.5, 1.0}) {
    lamina::counter_generator generator{1, 2};
    int accepted = 0;
    for (int i = 0; i < 100'000; ++i) accepted += lamina::accept_exponentially(generator, x);
    CHECK(accepted / 1e5 == doctest::Approx(std::exp(-x)).epsilon(0.01));
  }
}

TEST_CASE("zeros and ones") {
  CHECK(filled(initializer::zeros, 3) == std::vector<float>{0, 0, 0});
  CHECK(filled(initializer::ones, 3) == std::vector<float>{1, 1, 1});
}

TEST_CASE("a value depends on seed, stream and index alone") {
  for (const auto kind : {initializer::glorot_uniform, initializer::he_normal}) {
    const std::vector<float> values = filled(kind, 100), fewer = filled(kind, 10);
    CHECK(std::equal(fewer.begin(), fewer.end(), values.begin()));
    CHECK(filled(kind, 100, 2) != values);
    CHECK(filled(kind, 100, 1, 1) != values);
    CHECK(filled(kind, 100) == values);
  }
}

TEST_CASE("double weights are the float ones before rounding") {
  std::vector<double> values(10);
  lamina::initialize<double>(initializer::glorot_uniform, values, fan_in, fan_out, 1, 0);
  const std::vector<float> single = filled(initializer::glorot_uniform, 10);
  for (std::size_t i = 0; i < 10; ++i) CHECK(single[i] == static_cast<float>(values[i]));
}

TEST_CASE("initializers by their names") {
  CHECK(lamina::initializer_named("glorot-uniform") == initializer::glorot_uniform);
  CHECK(lamina::initializer_named("he-uniform") == initializer::he_uniform);
  CHECK(lamina::initializer_named("torch-uniform") == initializer::torch_uniform);
  CHECK(lamina::initializer_named("he-normal") == initializer::he_normal);
  CHECK_THROWS_AS(lamina::initializer_named("zeros"), lamina::error);
}
