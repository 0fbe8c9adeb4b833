// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/layout.hpp>
//
#include <algorithm>
#include <limits>

#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

/// Rows of all lanes but the ones that are dead.
template <class Row>
std::vector<const Row*> pointers(const std::vector<std::vector<Row>>& rows) {
  std::vector<const Row*> result(lanes, nullptr);
  for (std::size_t l = 0; l < rows.size(); ++l)
    if (l != 2) result[l] = rows[l].data();
  return result;
}

template <class T, class Row>
void check_interleave(int pixels, int channels) {
  std::vector<std::vector<Row>> rows(13);
  for (std::size_t l = 0; l < rows.size(); ++l)
    for (int i = 0; i < pixels * channels; ++i)
      rows[l].push_back(static_cast<Row>((37 * l + 11 * static_cast<std::size_t>(i)) % 256));
  const auto from = pointers(rows);
  array<T> x = numbers<T>(pixels * channels * lanes, 1);
  kernels::interleave(from.data(), pixels, channels, T(1) / T(255), x.data());
  int wrong = 0;
  for (int c = 0; c < channels; ++c)
    for (int p = 0; p < pixels; ++p)
      for (std::size_t l = 0; l < lanes; ++l) {
        const T expected =
            from[l] == nullptr ? T(0) : T(1) / T(255) * static_cast<T>(from[l][p * channels + c]);
        wrong += x[(c * pixels + p) * lanes + static_cast<int>(l)] != expected;
      }
  CHECK(wrong == 0);
}

TEST_CASE_TEMPLATE("images become lanes", T, float, double) {
  for (const int pixels : {1, 15, 16, 49, 784})
    for (const int channels : {1, 3}) {
      CAPTURE(pixels);
      CAPTURE(channels);
      check_interleave<T, std::uint8_t>(pixels, channels);
      check_interleave<T, float>(pixels, channels);
    }
}

TEST_CASE_TEMPLATE("dead lanes are zero beside images that are not finite", T, float, double) {
  constexpr int pixels = 7;
  const std::vector<float> image(pixels, std::numeric_limits<float>::infinity());
  std::vector<const float*> rows(lanes, nullptr);
  array<T> x = numbers<T>(pixels * lanes, 1);
  kernels::interleave(rows.data(), pixels, 1, T(1), x.data());
  CHECK(std::count(x.data(), x.data() + x.size(), T(0)) == pixels * lanes);
  rows[5] = image.data();
  kernels::interleave(rows.data(), pixels, 1, T(1), x.data());
  CHECK(std::count(x.data(), x.data() + x.size(), T(0)) == pixels * (lanes - 1));
  CHECK(x[5] == std::numeric_limits<T>::infinity());
}

TEST_CASE_TEMPLATE("lanes become rows and a transposed block", T, float, double) {
  for (const int n : {1, 10, 16, 33, 100}) {
    CAPTURE(n);
    const auto x = numbers<T>(n * lanes, 1);
    std::vector<std::vector<T>> rows(5, std::vector<T>(static_cast<std::size_t>(n)));
    std::vector<T*> to;
    for (auto& row : rows) to.push_back(row.data());
    kernels::deinterleave(n, x.data(), to.data(), 5);
    array<T> xt(static_cast<int>(kernels::transposed_size(n)));
    kernels::transpose_block(n, x.data(), xt.data());
    int wrong = 0;
    for (int i = 0; i < n; ++i)
      for (int l = 0; l < lanes; ++l) {
        wrong += xt[i / lanes * lanes * lanes + l * lanes + i % lanes] != x[i * lanes + l];
        if (l < 5) wrong += to[static_cast<std::size_t>(l)][i] != x[i * lanes + l];
      }
    CHECK(wrong == 0);
  }
}

}  // namespace
