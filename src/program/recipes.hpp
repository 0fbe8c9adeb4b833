// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/model.hpp>

#include <nlohmann/json_fwd.hpp>

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>

#include "commands.hpp"

namespace lamina::cli {

/// The recipe of that name, the model's default where it is empty, with the words' changes. Throws
/// lamina::error where they do not go together.
recipe recipe_of(const model_options& model, const train_words& words);

/// The policy that the recipe asks for: the course's own where there is one, else the model's; an
/// empty one where it asks for none. Throws lamina::error where the model has none.
augment_plan augmentation_of(const model_options& model, const recipe& how);

nlohmann::ordered_json json_of(const recipe& how);

/// What the bits of a run follow from, beside program and threads.
struct run_plan {
  std::string model;
  std::uint64_t seed = 0;
  double validation = 0;  ///< part of the training images
  recipe how = {};
  std::string data = {};  ///< a check of the training images
};

/// A sum over the images and labels that finds out whether they are the same.
std::string check_of(const dataset& images);

/// The metadata of checkpoint.safetensors, and the plan that it holds; throws lamina::error.
std::map<std::string, std::string> metadata_of(const run_plan& plan);
run_plan read_plan(const std::filesystem::path& checkpoint);

}  // namespace lamina::cli
