// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/dropout.hpp>
//
#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

std::vector<std::uint32_t> sixteen_keys() {
  std::vector<std::uint32_t> keys(lanes);
  for (std::size_t l = 0; l < keys.size(); ++l)
    keys[l] = static_cast<std::uint32_t>(0x12345678u + 0x3c6ef372u * l);
  return keys;
}

TEST_CASE_TEMPLATE("dropout keeps what its hash says", T, float, double) {
  const auto keys = sixteen_keys();
  const kernels::dropout_mask mask{0.3, keys.data()};
  constexpr int features = 37;
  const auto x = numbers<T>(features * lanes, 1);
  array<T> y(features * lanes), pieces = y;
  kernels::dropout(mask, 0, features, x.data(), y.data());
  for (int f = 0; f < features; ++f)
    for (int l = 0; l < lanes; ++l) {
      const auto hash =
          kernels::dropout_hash(keys[static_cast<std::size_t>(l)], static_cast<std::uint32_t>(f));
      const bool kept = static_cast<double>(hash) >= std::floor(0.3 * 4294967296.0);
      const T factor = static_cast<T>(1 / (1 - 0.3));
      CHECK(y[f * lanes + l] == (kept ? x[f * lanes + l] * factor : T(0)));
    }
  for (int f = 0; f < features; f += 10)
    kernels::dropout(mask, f, std::min(f + 10, features), x.data() + f * lanes,
                     pieces.data() + f * lanes);
  CHECK(y == pieces);
}

TEST_CASE("dropout drops its share, and each image its own features") {
  const auto keys = sixteen_keys();
  constexpr int features = 2000;
  array<float> x(features * lanes), y(features * lanes);
  for (int i = 0; i < features * lanes; ++i) x[i] = 1;
  for (const double rate : {0.0, 0.2, 0.5, 0.9}) {
    kernels::dropout({rate, keys.data()}, 0, features, x.data(), y.data());
    int dropped = 0, equal = 0;
    for (int f = 0; f < features; ++f)
      for (int l = 0; l < lanes; ++l) {
        dropped += y[f * lanes + l] == 0.0f;
        equal += (y[f * lanes + l] == 0.0f) == (y[f * lanes + (l + 1) % lanes] == 0.0f);
      }
    const double n = features * lanes, agreement = rate * rate + (1 - rate) * (1 - rate);
    CHECK(dropped / n == doctest::Approx(rate).epsilon(0.02));
    CHECK(equal / n == doctest::Approx(agreement).epsilon(0.02));
  }
}

}  // namespace
