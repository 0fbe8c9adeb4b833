// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/recipe.hpp>

/// The recipes `best`, chosen on held-out training images (bench/accuracy/README.md): AdamW, the
/// rate in one cycle, a little label smoothing, and the average of the weights answers.

inline lamina::recipe best_mnist_mlp() {
  return {.name = "best",
          .epochs = 5,
          .batch = 64,
          .optimizer = "adamw",
          .learning_rate = 2e-3,
          .weight_decay = 0.05,
          .schedule = "one-cycle",
          .label_smoothing = 0.05,
          .average = 0.998};
}

inline lamina::recipe best_asl_mlp() {
  auto how = best_mnist_mlp();
  how.epochs = 20;
  return how;
}

inline lamina::recipe best_asl_cnn() {
  return {.name = "best",
          .epochs = 20,
          .batch = 32,
          .optimizer = "adamw",
          .learning_rate = 3e-3,
          .weight_decay = 0.02,
          .schedule = "one-cycle",
          .label_smoothing = 0.05,
          .average = 0.998,
          .augmentation = true};
}

/// Of the letters' network, not chosen anew.
inline lamina::recipe best_mnist_cnn() { return best_asl_cnn(); }

/// As that, with the weight decay and the batch of the digits' network; longer, since with dropout
/// and augmentation there is more to learn.
inline lamina::recipe best_mnist_mlp_dropout() {
  auto how = best_mnist_mlp();
  how.epochs = 40;
  how.augmentation = true;
  return how;
}
