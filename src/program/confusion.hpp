// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lamina::cli {

/// How well a class is recognised; a quotient without a denominator is 0.
struct class_figures {
  double precision = 0, recall = 0, f1 = 0;
  std::size_t images = 0;
};

/// How often images of a class got an answer.
class confusion {
 public:
  explicit confusion(std::size_t classes) : counts_(classes, std::vector<std::size_t>(classes)) {}

  void count(std::size_t label, std::size_t answer) { ++counts_[label][answer]; }

  /// (label, answer)
  const std::vector<std::vector<std::size_t>>& counts() const { return counts_; }

  class_figures figures(std::size_t label) const;

 private:
  std::vector<std::vector<std::size_t>> counts_;
};

/// Classes from the likeliest on; of equals the first one first.
std::vector<std::size_t> ranking(std::span<const float> probabilities);

}  // namespace lamina::cli
