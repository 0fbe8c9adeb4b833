// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/data/examples.hpp>
#include <lamina/train/history.hpp>

#include <cstddef>
#include <span>
#include <string>
#include <vector>

/// Pictures of what a network learnt, as the bytes of PNG files. Part of the compiled library
/// lamina::io.
namespace lamina::io {

/// Loss and accuracy of the training images and of the others, by epoch; under the title one
/// sentence, and a line at the epoch from which it overfits (`diagnose`).
std::string plot_curves(const history& run, const std::string& title);

/// A row for each class, a column for each answer.
std::string plot_confusion(std::span<const std::vector<std::size_t>> counts,
                           std::span<const std::string> labels, const std::string& title);

/// An image with a wrong answer.
struct mistake {
  std::size_t image = 0;  ///< its number
  std::string answer, truth;
  double confidence = 0;  ///< in the answer
};

/// The images with number, answer, truth and confidence, in the order that they are given in.
std::string plot_mistakes(std::span<const mistake> mistakes, const dataset& images,
                          const std::string& title);

}  // namespace lamina::io
