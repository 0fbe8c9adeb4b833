// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace lamina {

/// Cross-entropy of a network that ends in `softmax`, -log of the probability of the label,
/// averaged over the batch. Label smoothing as in Keras: a target of 1 becomes 1 - a + a / classes,
/// a target of 0 becomes a / classes. Class weights as in Keras: in training the loss of an image
/// is multiplied by the weight of its label, and the mean is over the number of images (PyTorch's
/// is over the sum of their weights). An evaluation is not weighted.
struct cross_entropy {
  double label_smoothing = 0;
  std::vector<double> class_weights = {};  // one a class, or none
};

/// Class weights that let each class count alike: images / (classes * images of the class), as
/// scikit-learn's "balanced"; 0 for a class without an image.
inline std::vector<double> balanced_class_weights(std::span<const std::uint8_t> labels,
                                                  std::size_t classes) {
  std::vector<double> images(classes);
  for (const std::uint8_t label : labels)
    if (label < classes) ++images[label];
  for (double& each : images)
    if (each > 0) each = static_cast<double>(labels.size()) / (static_cast<double>(classes) * each);
  return images;
}

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
