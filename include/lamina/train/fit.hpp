// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include <lamina/augment/plan.hpp>
#include <lamina/data/examples.hpp>
#include <lamina/error.hpp>
#include <lamina/random.hpp>
#include <lamina/train/history.hpp>
#include <lamina/train/progress.hpp>

namespace lamina {

/// What a batch came to: sums over its images.
struct batch_record {
  int epoch = 0;         // from 1
  std::size_t step = 0;  // of the epoch, from 1
  int images = 0;
  double loss = 0;      // mean over the images
  double accuracy = 0;  // from 0 to 1
};

/// How `trainer::fit` trains.
struct fit_options {
  int epochs = 1;
  int batch = 32;                  // images; the last batch of an epoch may be smaller
  examples validation = {};        // evaluated after each epoch, never trained on
  examples test = {};              // the same, kept apart from what decisions are made on
  bool shuffle = true;             // by seed and epoch
  augment_plan augmentation = {};  // of the training images: an `augmentation<…>`
  std::function<void(const batch_record&)> on_batch = {};
  std::function<bool(const epoch_record&)> on_epoch = {};  // false ends the training
  lamina::progress* progress = nullptr;
};

namespace detail {

/// What the loop over epochs asks of a trainer.
struct trainee {
  trainee() = default;
  trainee(const trainee&) = default;
  trainee& operator=(const trainee&) = default;
  virtual ~trainee() = default;

  /// One step of the optimizer on the images that `order` names from `first` on.
  virtual batch_record train_batch(const examples& from, const std::uint32_t* order,
                                   std::size_t first, int images, int epoch) = 0;
  virtual evaluation evaluate_examples(const examples& from) = 0;
};

inline epoch_record train_epoch(trainee& who, const examples& from, const fit_options& how,
                                const std::vector<std::uint32_t>& order, int epoch) {
  const std::size_t batch = static_cast<std::size_t>(how.batch);
  double loss = 0;
  double right = 0;
  std::size_t step = 0;
  for (std::size_t first = 0; first < from.size(); first += batch) {
    const auto images = std::min(batch, from.size() - first);
    batch_record record =
        who.train_batch(from, order.data(), first, static_cast<int>(images), epoch);
    record.step = ++step;
    loss += record.loss * static_cast<double>(images);
    right += record.accuracy * static_cast<double>(images);
    const double seen = static_cast<double>(first + images);
    if (how.progress != nullptr) how.progress->step(step, loss / seen, right / seen);
    if (how.on_batch) how.on_batch(record);
  }
  epoch_record result;
  result.epoch = epoch;
  result.loss = loss / static_cast<double>(from.size());
  result.accuracy = right / static_cast<double>(from.size());
  return result;
}

/// The epochs after `done` ones; compiled once for all networks.
inline history run_epochs(trainee& who, const examples& from, const fit_options& how,
                          std::uint64_t seed, int done) {
  using clock = std::chrono::steady_clock;
  if (how.epochs < 0) throw error("fit: expected epochs of at least 0, found a negative number");
  if (how.batch < 1) throw error("fit: expected a batch of at least 1 image, found none");
  if (from.size() == 0) throw error("fit: expected at least 1 image, found none");
  history result;
  std::vector<std::uint32_t> order(from.size());
  const std::size_t steps =
      (from.size() + static_cast<std::size_t>(how.batch) - 1) / static_cast<std::size_t>(how.batch);
  for (int epoch = done + 1; epoch <= done + how.epochs; ++epoch) {
    const auto begun = clock::now();
    std::iota(order.begin(), order.end(), 0u);
    if (how.shuffle) shuffle(order, seed, static_cast<std::uint64_t>(epoch));
    if (how.progress != nullptr) {
      how.progress->begin_epoch(epoch, done + how.epochs, steps, from.size());
    }
    epoch_record record = train_epoch(who, from, how, order, epoch);
    if (how.validation.size() != 0) {
      const evaluation measured = who.evaluate_examples(how.validation);
      record.validation_loss = measured.loss;
      record.validation_accuracy = measured.accuracy;
    }
    if (how.test.size() != 0) {
      const evaluation measured = who.evaluate_examples(how.test);
      record.test_loss = measured.loss;
      record.test_accuracy = measured.accuracy;
    }
    record.seconds = std::chrono::duration<double>(clock::now() - begun).count();
    result.epochs.push_back(record);
    if (how.progress != nullptr) how.progress->end_epoch(record);
    if (how.on_epoch && !how.on_epoch(record)) break;
  }
  return result;
}

}  // namespace detail

}  // namespace lamina
