// SPDX-License-Identifier: BSL-1.0
#include "confusion.hpp"

#include <algorithm>
#include <numeric>

namespace lamina::cli {

class_figures confusion::figures(std::size_t label) const {
  const auto right = static_cast<double>(counts_[label][label]);
  class_figures result;
  std::size_t answers = 0;
  for (std::size_t other = 0; other < counts_.size(); ++other) {
    result.images += counts_[label][other];
    answers += counts_[other][label];
  }
  if (answers > 0) result.precision = right / static_cast<double>(answers);
  if (result.images > 0) result.recall = right / static_cast<double>(result.images);
  if (right > 0)
    result.f1 = 2 * result.precision * result.recall / (result.precision + result.recall);
  return result;
}

std::vector<std::size_t> ranking(std::span<const float> probabilities) {
  std::vector<std::size_t> order(probabilities.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::sort(order, [&](std::size_t a, std::size_t b) {
    return probabilities[a] != probabilities[b] ? probabilities[a] > probabilities[b] : a < b;
  });
  return order;
}

}  // namespace lamina::cli
