// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/recipe.hpp>

/// The models' own recipes, chosen on held-out training images (bench/accuracy/README.md): AdamW,
/// the rate in one cycle, a little label smoothing, and the average of the weights answers. `best`
/// aims at accuracy, `fast` at 99.5 % of the letters and 99.0 % of the digits in the least time.

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

/// Smaller weights to begin with, smaller batches: other hands come out better.
inline lamina::recipe best_asl_mlp() {
  auto how = best_mnist_mlp();
  how.epochs = 20;
  how.batch = 32;
  how.initializer = "torch-uniform";
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

inline lamina::recipe fast_asl_cnn() {
  auto how = best_asl_cnn();
  how.name = "fast";
  how.epochs = 4;
  return how;
}

inline lamina::recipe best_mnist_cnn() {
  auto how = best_asl_cnn();
  how.epochs = 15;
  return how;
}

/// One pass: a high rate, a short average, the images as they are.
inline lamina::recipe fast_mnist_cnn() {
  auto how = best_mnist_cnn();
  how.name = "fast";
  how.epochs = 1;
  how.learning_rate = 1e-2;
  how.average = 0.99;
  how.augmentation = false;
  return how;
}

/// Dropout and augmentation leave more to learn than to forget: longer, with less decay.
inline lamina::recipe best_mnist_mlp_dropout() {
  auto how = best_mnist_mlp();
  how.epochs = 80;
  how.batch = 128;
  how.weight_decay = 0.01;
  how.augmentation = true;
  return how;
}
