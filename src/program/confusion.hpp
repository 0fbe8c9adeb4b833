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

/// Images of a class that got another one as the answer.
struct confused_pair {
  std::size_t label = 0, answer = 0, images = 0;
};

/// How often images of a class got an answer.
class confusion {
 public:
  explicit confusion(std::size_t classes) : counts_(classes, std::vector<std::size_t>(classes)) {}

  void count(std::size_t label, std::size_t answer) { ++counts_[label][answer]; }

  /// (label, answer)
  const std::vector<std::vector<std::size_t>>& counts() const { return counts_; }

  class_figures figures(std::size_t label) const;

  /// The wrong answers that were given most often, at most so many.
  std::vector<confused_pair> most_confused(std::size_t most) const;

 private:
  std::vector<std::vector<std::size_t>> counts_;
};

/// An answer: how sure the network was, and whether it was right.
struct judged_answer {
  double confidence = 0;
  bool right = false;
};

/// The expected calibration error: over 15 bins of equal width in the confidence, the mean distance
/// of the accuracy from the mean confidence (C. Guo, G. Pleiss, Y. Sun, K. Weinberger, On
/// calibration of modern neural networks, ICML 2017).
double calibration_error(std::span<const judged_answer> answers);

/// Classes from the likeliest on; of equals the first one first.
std::vector<std::size_t> ranking(std::span<const float> probabilities);

}  // namespace lamina::cli
