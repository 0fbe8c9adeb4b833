// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>

namespace lamina {

/// Cross-entropy of a network that ends in `softmax`, -log of the probability of the label,
/// averaged over the batch. Label smoothing as in Keras: a target of 1 becomes 1 - a + a / classes,
/// a target of 0 becomes a / classes.
struct cross_entropy {
  double label_smoothing = 0;
};

/// The mean over outputs and batch of (prediction - target)^2, as in Keras and PyTorch. Where the
/// examples have labels instead of targets, the target is 1 at the label and 0 elsewhere.
///
/// A loss of a user's own has the same operator: one image at a time, it returns the loss and
/// writes its derivative by each prediction.
struct mean_squared_error {
  template <class T>
  T operator()(std::span<const T> prediction, std::span<const T> target,
               std::span<T> gradient) const {
    const T share = T{1} / static_cast<T>(prediction.size());
    T sum{0};
    for (std::size_t i = 0; i < prediction.size(); ++i) {
      const T difference = prediction[i] - target[i];
      sum += difference * difference;
      gradient[i] = 2 * share * difference;
    }
    return share * sum;
  }
};

}  // namespace lamina
