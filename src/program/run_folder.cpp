// SPDX-License-Identifier: BSL-1.0
#include "run_folder.hpp"

#include <lamina/error.hpp>
#include <lamina/serialize/files.hpp>
#include <lamina/serialize/safetensors_file.hpp>
#include <lamina/train/optimizers.hpp>

#include <nlohmann/json.hpp>

#include <unistd.h>

#include <system_error>

namespace lamina::cli {

namespace {

namespace fs = std::filesystem;

const std::string& metadata_of(const safetensors_file& file, const std::string& key) {
  const auto found = file.metadata().find(key);
  if (found == file.metadata().end())
    throw error(file.name() + ": expected the weights of `lamina train`, found no \"" + key +
                "\" in the metadata");
  return found->second;
}

std::vector<std::string> labels_of(const safetensors_file& file) {
  const auto& text = metadata_of(file, "labels");
  try {
    return nlohmann::json::parse(text).get<std::vector<std::string>>();
  } catch (const nlohmann::json::exception&) {
    throw error(file.name() + ": metadata: expected the labels as a list of texts, found " +
                detail::printable(text));
  }
}

std::string names_of(const model_registry& models) {
  std::string names;
  for (const auto& [name, model] : models) names += (names.empty() ? "" : ", ") + name;
  return names;
}

}  // namespace

void prepare_run_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw error(folder.string() + ": cannot be created: " + failed.message());
  const auto probe = folder / (".probe." + std::to_string(::getpid()));
  try {
    write_file_atomically(probe.string(), "");
  } catch (const error&) {
    throw error(folder.string() + ": expected a folder to write to, found that it is not writable");
  }
  fs::remove(probe, failed);
}

staged_files::~staged_files() {
  std::error_code ignored;
  for (const auto& name : names_) fs::remove(temporary(name), ignored);
}

fs::path staged_files::temporary(const std::string& name) const {
  return folder_ / ("." + name + "." + std::to_string(::getpid()) + ".new");
}

fs::path staged_files::add(const std::string& name) {
  names_.push_back(name);
  return temporary(name);
}

void staged_files::take_names() {
  for (const auto& name : names_) {
    std::error_code failed;
    fs::rename(temporary(name), folder_ / name, failed);
    if (failed) throw error((folder_ / name).string() + ": cannot write: " + failed.message());
  }
  names_.clear();
}

loaded_run load_run(const model_registry& models, const fs::path& folder) {
  std::error_code ignored;
  if (!fs::exists(folder / weights_name, ignored))
    throw error(folder.string() + ": expected a folder of `lamina train` with " + weights_name +
                ", found " + (fs::exists(folder, ignored) ? "none in it" : "no such folder"));
  const auto file = safetensors_file::read((folder / weights_name).string());
  const auto& name = metadata_of(file, "model");
  const auto found = models.find(name);
  if (found == models.end())
    throw error(file.name() + ": expected the weights of " + names_of(models) +
                ", found those of " + detail::printable(name));
  const auto& registered = found->second;
  loaded_run run{name, &registered.options, registered.type->describe(1), labels_of(file),
                 registered.type->start(0, any_optimizer{})};
  run.network->load(folder / weights_name);
  return run;
}

std::map<std::string, std::string> run_metadata(const std::string& model, const summary& described,
                                                const std::vector<std::string>& labels) {
  return {
      {"model", model},
      {"labels", nlohmann::json(labels).dump()},
      {"preprocessing", std::to_string(described.height) + " x " + std::to_string(described.width) +
                            " x " + std::to_string(described.channels) + ", bytes / 255"}};
}

void expect_images_for(const summary& described, const std::string& model, const dataset& images) {
  const auto size = [](int height, int width, int channels) {
    return std::to_string(height) + " x " + std::to_string(width) + " x " +
           std::to_string(channels);
  };
  const auto expected = size(described.height, described.width, described.channels);
  const auto found = size(images.height, images.width, images.channels);
  if (expected != found)
    throw error(model + ": expected images of " + expected + ", found " + found);
  if (images.classes > static_cast<int>(described.classes))
    throw error(model + ": expected at most " + std::to_string(described.classes) +
                " classes, found " + std::to_string(images.classes));
  if (images.size() == 0) throw error(model + ": expected at least one image, found none");
}

}  // namespace lamina::cli
