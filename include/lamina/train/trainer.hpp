// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lamina/execution/batch.hpp>
#include <lamina/execution/engine.hpp>
#include <lamina/execution/loss.hpp>
#include <lamina/execution/parameters.hpp>
#include <lamina/execution/predictor.hpp>
#include <lamina/text.hpp>
#include <lamina/train/augmenting.hpp>
#include <lamina/train/classifier.hpp>
#include <lamina/train/fit.hpp>
#include <lamina/train/losses.hpp>
#include <lamina/train/optimizers.hpp>
#include <lamina/train/updates.hpp>

namespace lamina {

/// What a trainer begins with.
template <class Optimizer, class Loss>
struct trainer_options {
  std::uint64_t seed = 0;  // of the first weights, the order of the images and dropout
  Optimizer optimizer = {};
  Loss loss = {};
  lamina::initializer initializer = lamina::initializer::glorot_uniform;
  gradient_clipping clip = {};
  weight_average average = {};
};

/// A network that learns: its parameters, the optimizer's state and the memory of a batch.
///
///     lamina::trainer<mnist_mlp, lamina::rmsprop> trainer{{.seed = 1}};
///     auto history = trainer.fit(data.train, {.epochs = 5, .batch = 32});
///
/// The same program and options give the same bits for any number of threads. Steps allocate
/// nothing once a batch of that size has run. Works in its caller's TBB arena.
template <a_network Net, an_optimizer Optimizer = rmsprop, class Loss = cross_entropy,
          class Scalar = float, fusion_mode Fusion = fusion_mode::training,
          class Arch = kernels::native>
class trainer : private detail::trainee {
 public:
  using options = trainer_options<Optimizer, Loss>;

  trainer() : trainer(options{}) {}

  explicit trainer(const options& with)
      : options_(with),
        parameters_(first_parameters(with)),
        gradients_(extent),
        fixed_(static_cast<std::size_t>(blueprint::fixed[blueprint::layer_count])),
        inference_fixed_(inference::fixed_memory()),
        updates_(with.optimizer, with.clip, with.average, parameters_.data()) {
    loss_step::check(with.loss);
  }

  /// Trains for some more epochs; the records are theirs. Throws `error` where the examples do not
  /// fit the network.
  history fit(const examples& from, const fit_options& how = {}) {
    check(from, true);
    if (how.validation.size() != 0) check(how.validation, true);
    if (how.test.size() != 0) check(how.test, true);
    execution::check_augmentation(how.augmentation.plan(), Net::input_shape::rank);
    augmentation_ = how.augmentation;
    reserve(static_cast<int>(
        std::min<std::size_t>(from.size(), static_cast<std::size_t>(std::max(how.batch, 1)))));
    return detail::run_epochs(*this, from, how, options_.seed, past_);
  }

  /// One step of the optimizer, at its own rate, on these images in their order: for a loop of your
  /// own. Each step drops other values.
  batch_record step(const examples& batch) {
    check(batch, true);
    reserve(static_cast<int>(batch.size()));
    updates_.set_rate_factor(1);
    return train_batch(own(batch));
  }

  /// The mean loss of these images and its gradients, which `gradients()` shows then; normalisation
  /// as in training, dropout as in the next step, no parameter changes but the moving statistics.
  double compute_gradients(const examples& batch) {
    check(batch, true);
    reserve(static_cast<int>(batch.size()));
    return pass(own(batch), {}, true).loss;
  }

  /// Mean loss and accuracy as the network predicts: no dropout, moving statistics.
  evaluation evaluate(const examples& from) {
    check(from, true);
    return evaluate_examples(from, {});
  }

  /// The outputs of the network, (image, output).
  std::vector<Scalar> predict(const examples& from) {
    check(from, false);
    std::vector<Scalar> all(from.size() * outputs);
    inference::prepare(answering().data(), inference_fixed_.data());
    inference_.predict(answering().data(), inference_fixed_.data(), from, all);
    return all;
  }

  /// A copy of the weights that predicts; of their average where there is one.
  lamina::classifier<Net, Scalar, Arch> classifier() const {
    return lamina::classifier<Net, Scalar, Arch>(updates_.averages() ? updates_.average()
                                                                     : parameters_);
  }

  /// Views of the parameters, and of the gradients of the last `compute_gradients`: a step keeps
  /// what it needs alone. The layouts are PyTorch's. Call `refresh` after changing parameters.
  std::vector<named_tensor<Scalar>> parameters() {
    return execution::named_tensors<Net>(parameters_.data());
  }
  std::vector<named_tensor<Scalar>> gradients() {
    return execution::named_tensors<Net>(gradients_.data());
  }

  /// What evaluates, predicts and is saved: the average of the parameters where there is one.
  std::vector<named_tensor<Scalar>> answering_parameters() {
    return execution::named_tensors<Net>(answering().data());
  }

  /// Starts the average anew, from the parameters as they are.
  void refresh() { updates_.average_from(parameters_.data()); }

  /// Views of all arrays that the next step depends on, for `save_checkpoint`: parameters, their
  /// average, the optimizer's memory, and, if any or `with_kept`, the weights of the best epoch.
  std::vector<named_tensor<Scalar>> state(bool with_kept = false) {
    if (with_kept) reserve_kept();
    std::vector<named_tensor<Scalar>> all;
    const auto add = [&](const std::string& prefix, execution::buffer<Scalar>& values) {
      if (values.size() == 0) return;
      for (auto& tensor : execution::named_tensors<Net>(values.data())) {
        tensor.name = prefix + tensor.name;
        all.push_back(std::move(tensor));
      }
    };
    add("", parameters_);
    add("average.", updates_.average());
    for (std::size_t i = 0; i < updates_.memory().size(); ++i)
      add(detail::joined("optimizer.", i, '.'), updates_.memory()[i]);
    add("kept.", kept_);
    add("kept.average.", kept_average_);
    return all;
  }

  /// The epochs and the steps done.
  const history& epochs() const { return past_; }
  std::int64_t steps_done() const { return steps_done_; }

  /// Goes on as if these had been done; with the arrays of `state`, that is the same run.
  void continue_from(history epochs, std::int64_t steps) {
    past_ = std::move(epochs);
    steps_done_ = steps;
  }

  /// Bytes that parameters, gradients, the states the optimizer uses and the arena of the largest
  /// batch so far take: `training_bytes<Net, Batch, Optimizer>`, and the average's.
  std::size_t memory_bytes() const {
    return sizeof(Scalar) * (2 * extent + updates_.kept_values() + fixed_.size()) +
           memory_.arena_bytes();
  }

  const options& settings() const { return options_; }
  int epochs_done() const { return static_cast<int>(past_.epochs.size()); }

 private:
  using blueprint = detail::blueprint<typename Net::located_layers, Fusion>;
  using inference = execution::predictor<Net, Scalar, Arch>;
  using loss_step = execution::loss_step<blueprint, Scalar, Arch, Loss>;
  using sink = execution::gradient_sink<Scalar>;
  using engine = execution::engine<blueprint, Scalar, Arch, loss_step::engine_count>;
  static constexpr std::size_t extent = static_cast<std::size_t>(execution::parameter_extent<Net>);
  static constexpr std::size_t outputs = static_cast<std::size_t>(Net::output_shape::size);

  static void check(const examples& from, bool judged) {
    execution::check_examples(from, Net::input_shape::size, outputs, judged);
  }

  [[gnu::noinline]] void reserve(int images) {
    if (images > memory_.capacity()) {
      memory_ = execution::batch_memory<blueprint, Scalar, Arch>(images, outputs,
                                                                 loss_step::scratch_of_a_block);
    }
    memory_.reserve(augmentation_.plan());
  }

  void set_rate_factor(double factor) override { updates_.set_rate_factor(factor); }

  /// A batch of the caller's own is taken as it is; its masks are drawn for the next step.
  detail::training_batch own(const examples& images) const {
    constexpr std::uint64_t above_all_epochs = std::uint64_t{1} << 32;
    return {.chosen = {images},
            .images = static_cast<int>(images.size()),
            .epoch = epochs_done() + 1,
            .drawn_for = above_all_epochs + static_cast<std::uint64_t>(steps_done_)};
  }

  batch_record train_batch(const detail::training_batch& next) override {
    updates_.begin(steps_done_ + 1, parameters_.data(), gradients_.data());
    const auto update = [this](std::ptrdiff_t offset, std::ptrdiff_t count, Scalar* gradient) {
      updates_.update(offset, count, gradient);
    };
    const bool waits = updates_.waits_for_all();
    const auto record = pass(next, waits ? sink{} : sink::to(update), waits);
    if (waits) updates_.update_all();
    updates_.end();
    ++steps_done_;
    return record;
  }

  batch_record pass(const detail::training_batch& next, const sink& told, bool keeps_gradients) {
    auto batch =
        memory_.frame_of(next.images, parameters_.data(), gradients_.data(), fixed_.data());
    batch.training = true;
    batch.keeps_gradients = keeps_gradients;
    batch.seed = options_.seed;
    batch.drawn_for = next.drawn_for;
    if (next.augmented && !augmentation_.empty())
      memory_.augment(batch, next.chosen, augmentation_, next.partners);
    else
      memory_.gather(batch, next.chosen);
    engine::prepare(batch);
    engine::forward(batch);
    const examples& from = next.chosen.from;
    const auto judged = memory_.judged(from);
    loss_step::run(batch, judged, options_.loss, true);
    engine::backward(batch, told);
    return sum(judged, next.images, next.epoch, !from.labels.empty());
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

  evaluation evaluate_examples(const examples& from,
                               std::span<const std::uint32_t> order) override {
    inference::prepare(answering().data(), inference_fixed_.data());
    return inference_.evaluate(answering().data(), inference_fixed_.data(), from, options_.loss,
                               order);
  }

  void keep_weights() override {
    reserve_kept();
    std::copy_n(parameters_.data(), extent, kept_.data());
    std::copy_n(updates_.average().data(), kept_average_.size(), kept_average_.data());
  }

  bool has_kept_weights() const override { return kept_.size() != 0; }

  void take_kept_weights() override {
    std::copy_n(kept_.data(), extent, parameters_.data());
    std::copy_n(kept_average_.data(), kept_average_.size(), updates_.average().data());
  }

  void reserve_kept() {
    if (kept_.size() != 0) return;
    kept_ = execution::buffer<Scalar>(extent);
    if (updates_.averages()) kept_average_ = execution::buffer<Scalar>(extent);
  }

  execution::buffer<Scalar>& answering() {
    return updates_.averages() ? updates_.average() : parameters_;
  }

  static execution::buffer<Scalar> first_parameters(const options& with) {
    execution::buffer<Scalar> values(extent);
    execution::initialize_parameters<Net>(values.data(), with.initializer, with.seed);
    return values;
  }

  options options_;
  execution::buffer<Scalar> parameters_;
  execution::buffer<Scalar> gradients_;
  execution::buffer<Scalar> fixed_;
  execution::buffer<Scalar> inference_fixed_;
  detail::updates<Net, Optimizer, Scalar, Arch> updates_;
  execution::buffer<Scalar> kept_, kept_average_;  // of the best epoch
  execution::batch_memory<blueprint, Scalar, Arch> memory_;
  inference inference_;
  augmenting augmentation_;
  std::int64_t steps_done_ = 0;
  history past_;
};

}  // namespace lamina
