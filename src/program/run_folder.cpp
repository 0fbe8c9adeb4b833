// SPDX-License-Identifier: BSL-1.0
#include "run_folder.hpp"

#include <lamina/error.hpp>
#include <lamina/io/preprocess.hpp>
#include <lamina/serialize/files.hpp>
#include <lamina/serialize/safetensors_file.hpp>

#include <nlohmann/json.hpp>

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <system_error>
#include <utility>

namespace lamina::cli {

namespace {

namespace fs = std::filesystem;

/// What is to take which name, while it is done.
constexpr const char* list_name = ".taking-names";

constexpr const char* files_of_a_run[] = {weights_name, checkpoint_name, "history.csv", "run.json",
                                          "curves.png", "confusion.png", "mistakes.png"};

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

/// The process whose temporary file this is: .NAME.PROCESS.new or NAME.PROCESS-NUMBER.partial of a
/// file of a run; 0 if it is none.
int process_of(const std::string& file) {
  for (const std::string name : files_of_a_run) {
    const auto digits = [&](const std::string& before, const char* after) {
      if (!file.starts_with(before) || !file.ends_with(after)) return 0;
      return std::atoi(file.c_str() + before.size());
    };
    if (const int process = digits('.' + name + '.', ".new")) return process;
    if (const int process = digits(name + '.', ".partial")) return process;
    if (const int process = digits('.' + name + '.', ".partial")) return process;
  }
  return 0;
}

/// Temporary files of processes that were killed.
void remove_leftovers(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(folder, ignored))
    if (const int process = process_of(entry.path().filename().string());
        process > 0 && ::kill(process, 0) != 0 && errno == ESRCH)
      found.push_back(entry.path());
  for (const auto& path : found) fs::remove(path, ignored);
}

}  // namespace

void prepare_run_folder(const fs::path& folder) {
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed) throw error(folder.string() + ": cannot be created: " + failed.message());
  finish_taking_names(folder);
  remove_leftovers(folder);
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

void staged_files::take_names_of_run() {
  std::vector<std::string> removed;
  for (const char* name : files_of_a_run)
    if (std::ranges::find(names_, name) == names_.end()) removed.emplace_back(name);
  write_list(removed);
}

void staged_files::take_names() { write_list({}); }

void staged_files::write_list(const std::vector<std::string>& removed) {
  std::string text;
  for (const auto& name : names_) text += temporary(name).filename().string() + ' ' + name + '\n';
  for (const auto& name : removed) text += "- " + name + '\n';
  write_file_atomically((folder_ / list_name).string(), text);
  names_.clear();
  finish_taking_names(folder_);
}

void finish_taking_names(const fs::path& folder) {
  std::error_code failed;
  if (!fs::exists(folder / list_name, failed)) return;
  std::istringstream list(read_file((folder / list_name).string()));
  std::vector<std::pair<fs::path, fs::path>> moves;
  for (std::string from, to; list >> from >> to;) {
    if (from != "-" && !fs::exists(folder / from, failed)) continue;  // has its name already
    fs::remove(folder / to, failed);
    if (failed) throw error((folder / to).string() + ": cannot be replaced: " + failed.message());
    if (from != "-") moves.emplace_back(folder / from, folder / to);
  }
  sync_folder(folder.string());
  for (const auto& [from, to] : moves) {
    fs::rename(from, to, failed);
    if (failed && failed != std::errc::no_such_file_or_directory)
      throw error(to.string() + ": cannot write: " + failed.message());
  }
  sync_folder(folder.string());
  fs::remove(folder / list_name, failed);
}

loaded_run load_run(const model_registry& models, const fs::path& folder) {
  std::error_code ignored;
  finish_taking_names(folder);
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
  const auto preprocessing = io::to_text(registered.options.preprocessing);
  if (const auto& saved = metadata_of(file, "preprocessing"); saved != preprocessing)
    throw error(file.name() + ": expected the preprocessing of " + name + ", " + preprocessing +
                ", found " + detail::printable(saved));
  loaded_run run{name, &registered.options, registered.type->describe(1), labels_of(file),
                 registered.type->start(0, recipe{}, {})};
  run.network->load(folder / weights_name);
  return run;
}

std::map<std::string, std::string> run_metadata(const std::string& model,
                                                const preprocess_plan& preprocessing,
                                                const std::vector<std::string>& labels) {
  return {{"model", model},
          {"labels", nlohmann::json(labels).dump()},
          {"preprocessing", io::to_text(preprocessing)}};
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
