// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/describe.hpp>
#include <lamina/image_model.hpp>
#include <lamina/network.hpp>
#include <lamina/program/command_line.hpp>
#include <lamina/program/model.hpp>
#include <lamina/serialize/checkpoint.hpp>
#include <lamina/train/trainer.hpp>

namespace lamina::cli {

namespace detail {

template <class... Layers>
std::vector<std::string> layers_of_step(fused<Layers...>) {
  return {lamina::detail::text_of<Layers>()...};
}

template <class... Steps>
std::vector<std::vector<std::string>> layers_of_steps(steps<Steps...>) {
  return {layers_of_step(Steps{})...};
}

/// Bytes are linear in the number of blocks of 16 images: `one` of them, and `two`.
constexpr std::int64_t bytes_of_blocks(std::int64_t one, std::int64_t two, int batch) {
  return one + (two - one) * ((batch + 15) / 16 - 1);
}

}  // namespace detail

inline any_optimizer optimizer_of(const recipe& how) {
  auto optimizer = any_optimizer::named(how.optimizer);
  optimizer.set_learning_rate(how.learning_rate);
  optimizer.set_weight_decay(how.weight_decay);
  return optimizer;
}

/// `Arch` stands in the type, so that two files with different -march share no code by accident.
template <a_network Net, class Arch = kernels::native>
class session_of : public session {
 public:
  session_of(std::uint64_t seed, const recipe& how, std::span<const double> class_weights)
      : trainer_({.seed = seed,
                  .optimizer = optimizer_of(how),
                  .loss = {how.label_smoothing, {class_weights.begin(), class_weights.end()}},
                  .initializer = initializer_named(how.initializer),
                  .clip = {.norm = how.clip_norm},
                  .average = {.decay = how.average}}) {}

  history fit(const examples& train, const fit_options& how) override {
    fit_options own = how;  // augmented by what is compiled for this processor
    own.augmentation = augmenting::in<Arch>(how.augmentation.plan());
    return trainer_.fit(train, own);
  }
  evaluation evaluate(const examples& from) override { return trainer_.evaluate(from); }
  std::vector<float> predict(const examples& from) override { return trainer_.predict(from); }

  void save(const std::filesystem::path& path,
            const std::map<std::string, std::string>& metadata) override {
    lamina::save(trainer_, path, metadata);
  }
  void load(const std::filesystem::path& path) override { lamina::load(trainer_, path); }

  const history& epochs() const override { return trainer_.epochs(); }
  void save_checkpoint(const std::filesystem::path& path,
                       const std::map<std::string, std::string>& metadata) override {
    lamina::save_checkpoint(trainer_, path, metadata);
  }
  void load_checkpoint(const std::filesystem::path& path) override {
    lamina::load_checkpoint(trainer_, path);
  }

 private:
  trainer<Net, any_optimizer, cross_entropy, float, fusion_mode::training, Arch> trainer_;
};

template <a_network Net, class Arch = kernels::native>
class model_of : public model {
 public:
  summary describe(int batch) const override {
    constexpr auto input = lamina::detail::extents_of(typename Net::input_shape{});
    return {
        .height = input.height,
        .width = input.width,
        .channels = input.channels,
        .classes = static_cast<std::size_t>(Net::output_shape::size),
        .parameters = Net::parameter_count,
        .trained_parameters = Net::trained_parameter_count,
        .multiply_adds = Net::multiply_adds,
        .layers = lamina::describe<Net>(),
        .inference_steps = detail::layers_of_steps(Net::inference_steps),
        .training_steps = detail::layers_of_steps(Net::training_steps),
        .winograd = lamina::winograd_layers<Net>(),
        .weight_bytes = Net::weight_bytes,
        .activation_bytes =
            detail::bytes_of_blocks(activation_bytes<Net, 16>, activation_bytes<Net, 32>, batch),
        .training_bytes = detail::bytes_of_blocks(training_bytes<Net, 16, any_optimizer>,
                                                  training_bytes<Net, 32, any_optimizer>, batch)};
  }

  std::unique_ptr<session> start(std::uint64_t seed, const recipe& how,
                                 std::span<const double> class_weights) const override {
    return std::make_unique<session_of<Net, Arch>>(seed, how, class_weights);
  }
};

/// The model brings its labels, its preprocessing and its augmentation with it.
template <an_image_model Model>
void add_model(command_line& to, std::string name, model_options options) {
  options.labels.assign(Model::labels::names.begin(), Model::labels::names.end());
  options.preprocessing = Model::preprocessing::plan;
  options.augmentation = Model::augmentation::plan;
  to.add(std::move(name), std::make_unique<model_of<typename Model::network>>(),
         std::move(options));
}

}  // namespace lamina::cli
