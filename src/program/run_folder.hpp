// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/command_line.hpp>

#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <vector>

/// The folder that `train --out` writes: model.safetensors, history.csv, run.json, and while it
/// trains checkpoint.safetensors.
namespace lamina::cli {

inline constexpr const char* weights_name = "model.safetensors";
inline constexpr const char* checkpoint_name = "checkpoint.safetensors";

/// Makes the folder and sees that files can be written there; throws lamina::error.
void prepare_run_folder(const std::filesystem::path& folder);

/// Lets the files of a run take their names where a crash came between; throws lamina::error.
void finish_taking_names(const std::filesystem::path& folder);

/// Files under temporary names, so that an older run stays until all of them are whole and on the
/// disk; those that do not take their names are removed. A list of them is written, the older run's
/// files are removed, then the new ones take their names, and the list goes: at no instant do files
/// of two runs stand side by side, and after a crash the next command goes on where it came.
class staged_files {
 public:
  explicit staged_files(std::filesystem::path folder) : folder_(std::move(folder)) {}
  staged_files(const staged_files&) = delete;
  staged_files& operator=(const staged_files&) = delete;
  ~staged_files();

  /// Where the file `name` is to be written.
  std::filesystem::path add(const std::string& name);
  /// In place of all files of an older run, or beside them.
  void take_names_of_run();
  void take_names();

 private:
  void write_list(const std::vector<std::string>& removed);

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
std::map<std::string, std::string> run_metadata(const std::string& model,
                                                const preprocess_plan& preprocessing,
                                                const std::vector<std::string>& labels);

/// Throws lamina::error where the images are not what the network takes.
void expect_images_for(const summary& described, const std::string& model, const dataset& images);

}  // namespace lamina::cli
