// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/command_line.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// The folder that `train --out` writes: model.safetensors, history.csv, run.json.
namespace lamina::cli {

inline constexpr const char* weights_name = "model.safetensors";

/// Makes the folder and sees that files can be written there; throws lamina::error.
void prepare_run_folder(const std::filesystem::path& folder);

/// Files under temporary names. When all of them are whole and on the disk they take their names
/// one after the other, so that an older run stays until then; those that did not are removed.
class staged_files {
 public:
  explicit staged_files(std::filesystem::path folder) : folder_(std::move(folder)) {}
  staged_files(const staged_files&) = delete;
  staged_files& operator=(const staged_files&) = delete;
  ~staged_files();

  /// Where the file `name` is to be written.
  std::filesystem::path add(const std::string& name);
  void take_names();

 private:
  std::filesystem::path temporary(const std::string& name) const;

  std::filesystem::path folder_;
  std::vector<std::string> names_;
};

/// A run's weights in a network of their type, and what else their file says.
struct loaded_run {
  std::string model;
  const model_options* options;
  summary described;
  std::vector<std::string> labels;
  std::unique_ptr<session> network;

  /// The name of a class; its number where the file has no names.
  std::string label(std::size_t index) const {
    return index < labels.size() ? labels[index] : std::to_string(index);
  }
};

/// Reads the run in this folder; throws lamina::error where there is none, or of no model that the
/// program knows, or of another network.
loaded_run load_run(const model_registry& models, const std::filesystem::path& folder);

/// The metadata of model.safetensors, beside the architecture.
std::map<std::string, std::string> run_metadata(const std::string& model, const summary& described,
                                                const std::vector<std::string>& labels);

/// Throws lamina::error where the images are not what the network takes.
void expect_images_for(const summary& described, const std::string& model, const dataset& images);

}  // namespace lamina::cli
