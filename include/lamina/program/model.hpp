// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/augment/plan.hpp>
#include <lamina/data/examples.hpp>
#include <lamina/preprocess/plan.hpp>
#include <lamina/program/recipe.hpp>
#include <lamina/serialize/layer_description.hpp>
#include <lamina/train/fit.hpp>
#include <lamina/train/history.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace lamina {

/// The program's view of networks: it is compiled once, for networks of any type. `model_of<Net>`
/// gives it one.
namespace cli {

/// A network described as values, for batches of one size.
struct summary {
  int height = 1, width = 1, channels = 1;  ///< of the input
  std::size_t classes = 0;                  ///< values of the output
  std::int64_t parameters = 0, trained_parameters = 0, multiply_adds = 0;
  std::vector<layer_description> layers = {};
  std::vector<std::vector<std::string>> inference_steps = {};  ///< layers of each step
  std::vector<std::vector<std::string>> training_steps = {};
  std::vector<std::string> winograd = {};  ///< positions of the layers that run so
  std::int64_t weight_bytes = 0, activation_bytes = 0, training_bytes = 0;

  std::size_t image_size() const {
    return static_cast<std::size_t>(height) * static_cast<std::size_t>(width) *
           static_cast<std::size_t>(channels);
  }
};

/// A network with weights, to be trained or used. Runs in the TBB arena of its caller.
class session {
 public:
  session() = default;
  session(const session&) = delete;
  session& operator=(const session&) = delete;
  virtual ~session() = default;

  virtual history fit(const examples& train, const fit_options& how) = 0;
  virtual evaluation evaluate(const examples& from) = 0;
  /// The probabilities, (image, class).
  virtual std::vector<float> predict(const examples& from) = 0;
  /// Writes the weights as safetensors; the architecture stands in the metadata, too.
  virtual void save(const std::filesystem::path& path,
                    const std::map<std::string, std::string>& metadata) = 0;
  /// Throws lamina::error where the file is another network's, and changes nothing then.
  virtual void load(const std::filesystem::path& path) = 0;
  /// The epochs so far.
  virtual const history& epochs() const = 0;
  /// All that the next step depends on, beside how the session was started.
  virtual void save_checkpoint(const std::filesystem::path& path,
                               const std::map<std::string, std::string>& metadata) = 0;
  virtual void load_checkpoint(const std::filesystem::path& path) = 0;
};

/// A type of networks.
class model {
 public:
  model() = default;
  model(const model&) = delete;
  model& operator=(const model&) = delete;
  virtual ~model() = default;

  virtual summary describe(int batch) const = 0;
  /// Class weights: one a class, or none.
  virtual std::unique_ptr<session> start(std::uint64_t seed, const recipe& how,
                                         std::span<const double> class_weights) const = 0;
};

}  // namespace cli

/// What a program knows of a model beside its type: where its images come from, and how it is
/// trained unless the command line says otherwise.
struct model_options {
  /// Reads the images; it is given the folder of --data, or an empty path.
  std::function<labelled_data(const std::filesystem::path&)> data;
  /// The recipe `course`, whose rate is constant.
  int epochs = 5;
  int batch = 32;
  std::string optimizer = "rmsprop";  ///< one of any_optimizer::names
  double learning_rate = 1e-3;
  /// Its other recipes, `best` and the like; the first is the default, else `course`.
  std::vector<recipe> recipes = {};
  std::vector<std::string> labels = {};   ///< of the classes; without them the data's
  preprocess_plan preprocessing = {};     ///< of pictures; without one `grey, resize_to<…>`
  augment_plan augmentation = {};         ///< of pictures in training
  augment_plan course_augmentation = {};  ///< where the recipe is the course's, if it had another
};

}  // namespace lamina
