// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/command_line.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

/// The commands, after their words have been read. Each throws lamina::error where it fails.
namespace lamina::cli {

struct train_words {
  std::string model;
  std::filesystem::path data, out;
  std::string recipe;  ///< empty: the model's default
  std::optional<int> epochs, batch, patience;
  std::optional<std::string> optimizer, schedule, initializer;
  std::optional<double> learning_rate, weight_decay, warm_up, label_smoothing, average, clip_norm;
  bool class_weights = false, keep_best = false;
  std::uint64_t seed = 0;
  double validation = 0;  ///< part of the training images
  int threads = 0;        ///< 0: as many as the machine has
  std::optional<bool> augment;
  bool resume = false, json = false;
};

struct evaluate_words {
  std::filesystem::path run, data;
  bool json = false;
};

struct predict_words {
  std::filesystem::path run, data;
  std::vector<std::filesystem::path> images;
  std::size_t test = 0;  ///< so many images of the test set
  std::size_t top = 3;
  bool show = false, json = false;
};

struct augment_words {
  std::string model;
  std::filesystem::path data, out;
  int samples = 8;
  std::uint64_t seed = 0;
  bool course = false;  ///< the policy of the recipe `course`
};

struct summary_words {
  std::string model;
  int batch = 32;
  bool json = false;
};

struct data_words {
  std::string set, from;
  std::filesystem::path data;
};

void train(const model_registry& models, const train_words& words);
void evaluate(const model_registry& models, const evaluate_words& words);
void predict(const model_registry& models, const predict_words& words);
void augment(const model_registry& models, const augment_words& words);
void summarize(const model_registry& models, const summary_words& words);
void fetch_data(const data_words& words);
void verify_data(const data_words& words);

/// One JSON document on standard output.
void print(const nlohmann::ordered_json& document);

/// Seconds since the program started.
double seconds_since_start();

}  // namespace lamina::cli
