// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <type_traits>
#include <vector>

#include <benchmark/benchmark.h>

#include <lamina/bench/examples.hpp>
#include <lamina/bench/loads.hpp>
#include <lamina/train/trainer.hpp>

namespace lamina::bench {

/// Cross-entropy where a network ends in softmax, else the mean squared error.
template <a_network Net>
using loss_of = std::conditional_t<
    execution::loss_step<
        lamina::detail::blueprint<typename Net::located_layers, fusion_mode::training>, float,
        kernels::native, mean_squared_error>::ends_in_softmax,
    cross_entropy, mean_squared_error>;

/// What the rows of a network run: its trainer and its classifier as a program has them.
template <a_network Net>
class subject {
 public:
  using trainer_type = trainer<Net, rmsprop, loss_of<Net>>;
  static constexpr std::size_t most_images = 1024;
  static constexpr std::size_t outputs = static_cast<std::size_t>(Net::output_shape::size);

  subject()
      : made_up_(most_images, static_cast<std::size_t>(Net::input_shape::size), outputs),
        trainer_({.seed = 1}),
        classifier_(trainer_.classifier()) {}

  examples images(std::size_t first, std::size_t count) const {
    return made_up_.view().subset(first, count);
  }

  /// One training step on the next images.
  void train(std::size_t images_of_a_batch) {
    if (next_ + images_of_a_batch > most_images) next_ = 0;
    trainer_.step(images(next_, images_of_a_batch));
    next_ += images_of_a_batch;
  }

  /// An epoch of `fit` over all images, and its steps alone.
  void fit(std::size_t images_of_a_batch, const augment_plan& augmentation = {}) {
    trainer_.fit(images(0, most_images),
                 {.batch = static_cast<int>(images_of_a_batch), .augmentation = augmentation});
  }
  void train_epoch(std::size_t images_of_a_batch) {
    for (std::size_t first = 0; first < most_images; first += images_of_a_batch)
      trainer_.step(images(first, std::min(images_of_a_batch, most_images - first)));
  }

  /// Loss and accuracy of a data set, as `fit` has them of a second one after each epoch.
  void evaluate(std::size_t count) {
    benchmark::DoNotOptimize(trainer_.evaluate(images(0, count)).loss);
  }

  /// What a program does with an image or with many.
  void predict(std::size_t count) const {
    if (count == 1) {
      benchmark::DoNotOptimize(classifier_.predict(images(0, 1).image(0)));
    } else {
      benchmark::DoNotOptimize(classifier_.predict(images(0, count)).data());
    }
  }

  /// Seconds that reading the weights once takes, by the fastest of several loops.
  double reading_of_weights() const {
    if constexpr (Net::parameter_count == 0) {
      return 0;
    } else {
      return fastest_reading(classifier_.parameters().front().values.data(), Net::weight_bytes);
    }
  }

  /// What is wrong with the network's results, empty if nothing: 30 steps make the loss smaller,
  /// and an image is predicted alike alone and among others.
  static const char* mistake() {
    static const char* const found = find_mistake();
    return found;
  }

 private:
  static const char* find_mistake() {
    constexpr std::size_t batch = 32;
    subject fresh;
    double first = 0;
    double last = 0;
    for (std::size_t step = 0; step < 30; ++step) {
      const double loss = fresh.trainer_.step(fresh.images(step % 3 * batch, batch)).loss;
      if (!std::isfinite(loss)) return "the loss is not finite";
      if (step < 3) first += loss;
      if (step >= 27) last += loss;
    }
    if (last >= first) return "the loss does not fall";
    const auto trained = fresh.trainer_.classifier();
    const std::vector<float> many = trained.predict(fresh.images(0, 40));
    const auto alone = trained.predict(fresh.images(39, 1).image(0)).probabilities;
    for (std::size_t i = 0; i < outputs; ++i) {
      const float among = many[39 * outputs + i];
      const bool alike = std::abs(alone[i] - among) <= 1e-4F * (1 + std::abs(among));
      if (!alike) return "an image alone and among others is predicted differently";
    }
    return "";
  }

  made_up_examples made_up_;
  trainer_type trainer_;
  classifier<Net> classifier_;
  std::size_t next_ = 0;
};

}  // namespace lamina::bench
