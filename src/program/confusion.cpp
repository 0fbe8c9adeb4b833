// SPDX-License-Identifier: BSL-1.0
#include "confusion.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>

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

std::vector<confused_pair> confusion::most_confused(std::size_t most) const {
  std::vector<confused_pair> pairs;
  for (std::size_t label = 0; label < counts_.size(); ++label)
    for (std::size_t answer = 0; answer < counts_.size(); ++answer)
      if (label != answer && counts_[label][answer] > 0)
        pairs.push_back({label, answer, counts_[label][answer]});
  std::ranges::sort(pairs, [](const confused_pair& a, const confused_pair& b) {
    return std::tuple(b.images, a.label, a.answer) < std::tuple(a.images, b.label, b.answer);
  });
  pairs.resize(std::min(pairs.size(), most));
  return pairs;
}

double calibration_error(std::span<const judged_answer> answers) {
  struct bin {
    double confidence = 0, right = 0;
  };
  constexpr std::size_t bins = 15;
  std::array<bin, bins> all{};
  for (const auto& each : answers) {
    const double place = std::clamp(each.confidence, 0.0, 1.0) * static_cast<double>(bins);
    bin& in = all[std::min(static_cast<std::size_t>(place), bins - 1)];
    in.confidence += each.confidence;
    in.right += each.right;
  }
  double sum = 0;
  for (const bin& each : all) sum += std::abs(each.right - each.confidence);
  return answers.empty() ? 0 : sum / static_cast<double>(answers.size());
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
