// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include <lamina/execution/batch.hpp>
#include <lamina/execution/engine.hpp>
#include <lamina/execution/loss.hpp>
#include <lamina/execution/parameters.hpp>
#include <lamina/execution/predictor.hpp>
#include <lamina/train/classifier.hpp>
#include <lamina/train/fit.hpp>
#include <lamina/train/losses.hpp>
#include <lamina/train/optimizers.hpp>

namespace lamina {

/// What a trainer begins with.
template <class Optimizer, class Loss>
struct trainer_options {
  std::uint64_t seed = 0;  // of the first weights, the order of the images and dropout
  Optimizer optimizer = {};
  Loss loss = {};
  lamina::initializer initializer = lamina::initializer::glorot_uniform;
};

/// A network that learns: its parameters, the optimizer's state and the memory of a batch.
///
///     lamina::trainer<mnist_mlp, lamina::rmsprop> trainer{{.seed = 1}};
///     auto history = trainer.fit(data.train, {.epochs = 5, .batch = 32});
///
/// The same program and options give the same bits for any number of threads. Steps allocate
/// nothing once the first batch of a size has run. Works in the TBB arena of its caller.
template <a_network Net, an_optimizer Optimizer = rmsprop, class Loss = cross_entropy,
          class Scalar = float, fusion_mode Fusion = fusion_mode::training,
          class Arch = kernels::native>
class trainer : private detail::trainee {
 public:
  using options = trainer_options<Optimizer, Loss>;

  trainer() : trainer(options{}) {}

  explicit trainer(const options& with)
      : options_(with),
        parameters_(extent),
        gradients_(extent),
        fixed_(static_cast<std::size_t>(blueprint::fixed[blueprint::layer_count])),
        inference_fixed_(inference::fixed_memory()) {
    execution::initialize_parameters<Net>(parameters_.data(), with.initializer, with.seed);
    for (auto& state : states_) state = execution::buffer<Scalar>(extent);
  }

  /// Trains for some more epochs. Throws `error` where the examples do not fit the network.
  history fit(const examples& from, const fit_options& how = {}) {
    check(from, true);
    if (how.validation.size() != 0) check(how.validation, true);
    if (how.test.size() != 0) check(how.test, true);
    execution::check_augmentation(how.augmentation, Net::input_shape::rank);
    augmentation_ = how.augmentation;
    reserve(static_cast<int>(
        std::min<std::size_t>(from.size(), static_cast<std::size_t>(std::max(how.batch, 1)))));
    history result = detail::run_epochs(*this, from, how, options_.seed, epochs_done_);
    epochs_done_ += static_cast<int>(result.epochs.size());
    return result;
  }

  /// One step of the optimizer on these images in their order.
  batch_record step(const examples& batch) {
    check(batch, true);
    reserve(static_cast<int>(batch.size()));
    return train_batch(batch, nullptr, 0, static_cast<int>(batch.size()), epochs_done_ + 1);
  }

  /// The mean loss of these images and its gradients, which `gradients()` shows then; dropout and
  /// normalisation as in training, no parameter changes but the moving statistics.
  double compute_gradients(const examples& batch) {
    check(batch, true);
    reserve(static_cast<int>(batch.size()));
    return pass(batch, nullptr, 0, static_cast<int>(batch.size()), epochs_done_ + 1, {}).loss;
  }

  /// Mean loss and accuracy as the network predicts: no dropout, moving statistics.
  evaluation evaluate(const examples& from) {
    check(from, true);
    return evaluate_examples(from);
  }

  /// The outputs of the network, (image, output).
  std::vector<Scalar> predict(const examples& from) {
    check(from, false);
    std::vector<Scalar> all(from.size() * outputs);
    inference::prepare(parameters_.data(), inference_fixed_.data());
    inference_.predict(parameters_.data(), inference_fixed_.data(), from, all);
    return all;
  }

  /// A copy of the weights that predicts.
  lamina::classifier<Net, Scalar, Arch> classifier() const {
    return lamina::classifier<Net, Scalar, Arch>(parameters_);
  }

  /// Views of the parameters and of the gradients of the last step; the layouts are PyTorch's.
  std::vector<named_tensor<Scalar>> parameters() {
    return execution::named_tensors<Net>(parameters_.data());
  }
  std::vector<named_tensor<Scalar>> gradients() {
    return execution::named_tensors<Net>(gradients_.data());
  }

  /// Bytes that parameters, gradients, the optimizer's states and the arena of the largest batch so
  /// far take: `training_bytes<Net, Batch, Optimizer>`.
  std::size_t memory_bytes() const {
    return sizeof(Scalar) * ((2 + states_.size()) * extent + fixed_.size()) + memory_.arena_bytes();
  }

  const options& settings() const { return options_; }
  int epochs_done() const { return epochs_done_; }

 private:
  using blueprint = detail::blueprint<typename Net::located_layers, Fusion>;
  using inference = execution::predictor<Net, Scalar, Arch>;
  using loss_step = execution::loss_step<blueprint, Scalar, Arch, Loss>;
  using engine = execution::engine<blueprint, Scalar, Arch, loss_step::engine_count>;
  static constexpr std::size_t extent = static_cast<std::size_t>(execution::parameter_extent<Net>);
  static constexpr std::size_t outputs = static_cast<std::size_t>(Net::output_shape::size);

  static void check(const examples& from, bool judged) {
    execution::check_examples(from, Net::input_shape::size, outputs, judged);
  }

  void reserve(int images) {
    if (images > memory_.capacity()) {
      memory_ = execution::batch_memory<blueprint, Scalar, Arch>(images, outputs,
                                                                 loss_step::scratch_of_a_block);
    }
    memory_.reserve(augmentation_);
  }

  batch_record train_batch(const examples& from, const std::uint32_t* order, std::size_t first,
                           int images, int epoch) override {
    ++steps_done_;
    const auto update = [&](std::ptrdiff_t offset, std::ptrdiff_t count) {
      std::array<Scalar*, states_extent> at{};
      for (std::size_t i = 0; i < states_.size(); ++i) at[i] = states_[i].data() + offset;
      options_.optimizer.template update<Arch>(
          steps_done_, parameters_.data() + offset,
          static_cast<const Scalar*>(gradients_.data() + offset), at.data(), count);
    };
    return pass(from, order, first, images, epoch, execution::gradient_sink::to(update));
  }

  batch_record pass(const examples& from, const std::uint32_t* order, std::size_t first, int images,
                    int epoch, const execution::gradient_sink& sink) {
    auto batch = memory_.frame_of(images, parameters_.data(), gradients_.data(), fixed_.data());
    batch.training = true;
    batch.seed = options_.seed;
    batch.epoch = static_cast<std::uint64_t>(epoch);
    // a batch of the caller's own, which has no order, is taken as it is
    memory_.gather(batch, from, order, first, order == nullptr ? augment_plan{} : augmentation_);
    engine::prepare(batch);
    engine::forward(batch);
    const auto judged = memory_.judged(from);
    loss_step::run(batch, judged, options_.loss, true);
    engine::backward(batch, sink);
    return sum(judged, images, epoch, !from.labels.empty());
  }

  static batch_record sum(const execution::verdict<Scalar>& judged, int images, int epoch,
                          bool labelled) {
    batch_record record{.epoch = epoch, .images = images};
    int right = 0;
    for (int i = 0; i < images; ++i) {
      record.loss += static_cast<double>(judged.losses[i]);
      right += labelled ? judged.right[i] : 0;
    }
    record.loss /= images;
    record.accuracy = labelled ? static_cast<double>(right) / images : absent;
    return record;
  }

  evaluation evaluate_examples(const examples& from) override {
    inference::prepare(parameters_.data(), inference_fixed_.data());
    return inference_.evaluate(parameters_.data(), inference_fixed_.data(), from, options_.loss);
  }

  static constexpr std::size_t states_extent =
      Optimizer::states == 0 ? 1 : static_cast<std::size_t>(Optimizer::states);

  options options_;
  execution::buffer<Scalar> parameters_;
  execution::buffer<Scalar> gradients_;
  execution::buffer<Scalar> fixed_;
  execution::buffer<Scalar> inference_fixed_;
  std::array<execution::buffer<Scalar>, static_cast<std::size_t>(Optimizer::states)> states_;
  execution::batch_memory<blueprint, Scalar, Arch> memory_;
  inference inference_;
  augment_plan augmentation_;
  std::int64_t steps_done_ = 0;
  int epochs_done_ = 0;
};

}  // namespace lamina
