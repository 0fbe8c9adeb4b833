// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lamina/data/examples.hpp>
#include <lamina/error.hpp>
#include <lamina/random.hpp>
#include <lamina/text.hpp>
#include <lamina/train/augmenting.hpp>
#include <lamina/train/callback.hpp>
#include <lamina/train/clock.hpp>
#include <lamina/train/history.hpp>
#include <lamina/train/progress.hpp>
#include <lamina/train/schedules.hpp>

namespace lamina {

/// What a batch came to: sums over its images.
struct batch_record {
  int epoch = 0;         // from 1
  std::size_t step = 0;  // of the epoch, from 1
  int images = 0;
  double loss = 0;      // mean over the images
  double accuracy = 0;  // from 0 to 1
};

/// Ends the training after so many epochs in which the loss on the validation images did not fall
/// below its smallest by more than `least_change` (Keras' EarlyStopping: min_delta); never if
/// `patience` is 0.
struct early_stopping {
  int patience = 0;
  double least_change = 0;

  bool stops(std::span<const epoch_record> epochs) const {
    double best = std::numeric_limits<double>::infinity();
    int waited = 0;
    for (const epoch_record& epoch : epochs) {
      ++waited;
      if (epoch.watched_loss() < best - least_change) {
        best = epoch.watched_loss();
        waited = 0;
      }
    }
    return patience > 0 && waited >= patience;
  }
};

/// How `trainer::fit` trains.
struct fit_options {
  int epochs = 1;                // more than those done
  int batch = 32;                // images; the last batch of an epoch may be smaller
  examples validation = {};      // evaluated after each epoch, never trained on
  double validation_split = 0;   // or this part of the examples, drawn by the trainer's seed
  examples test = {};            // the same, kept apart from what decisions are made on
  bool shuffle = true;           // by seed and epoch
  augmenting augmentation = {};  // of the training images: an `augmentation<…>`
  lamina::schedule schedule = schedules::constant{};  // over the epochs done and these
  schedules::warm_up warm_up = {};
  lamina::early_stopping early_stopping = {};
  bool keep_best = false;  // end with the weights of the epoch whose validation loss was smallest
  callback<void(const batch_record&)> on_batch = {};
  callback<bool(const epoch_record&)> on_epoch = {};  // false ends the training
  lamina::progress* progress = nullptr;
};

namespace detail {

/// The images of one step, and what is drawn for them.
struct training_batch {
  selection chosen;
  int images = 0;
  int epoch = 0;                // from 1
  std::uint64_t drawn_for = 0;  // beside the seed and an image's number, what the draws follow from
  bool augmented = false;
  std::span<const std::uint32_t> partners = {};  // of a mixup; all images if it names none
};

/// What the loop over epochs asks of a trainer.
struct trainee {
  trainee() = default;
  trainee(const trainee&) = default;
  trainee& operator=(const trainee&) = default;
  virtual ~trainee() = default;

  /// The next steps' learning rate is the optimizer's times this.
  virtual void set_rate_factor(double factor) = 0;
  /// One step of the optimizer.
  virtual batch_record train_batch(const training_batch& next) = 0;
  /// The images that `order` names; all of them if it names none.
  virtual evaluation evaluate_examples(const examples& from,
                                       std::span<const std::uint32_t> order) = 0;
  /// Remembers the weights as they are, and takes them back.
  virtual void keep_weights() = 0;
  virtual bool has_kept_weights() const = 0;
  virtual void take_kept_weights() = 0;
};

/// The numbers of the images to train on and to validate on, both rising: which ones follows from
/// the seed.
struct held_out {
  std::vector<std::uint32_t> train, validation;

  [[gnu::cold]] held_out(std::size_t images, double part, std::uint64_t seed) : train(images) {
    std::iota(train.begin(), train.end(), 0u);
    if (part == 0) return;
    const auto held = std::llround(part * static_cast<double>(images));
    if (!(part > 0 && part < 1) || held == 0 || static_cast<std::size_t>(held) == images)
      throw error(
          joined("fit: expected a validation split that leaves images on both sides, found ",
                 std::to_string(part), " of ", images, " images"));
    std::vector<std::uint32_t> order = std::move(train);
    shuffle(order, seed, 0);
    std::vector<std::uint8_t> is_held(images);
    for (const std::uint32_t image : std::span(order).last(static_cast<std::size_t>(held)))
      is_held[image] = 1;
    train.clear();
    for (std::uint32_t image = 0; image < images; ++image)
      (is_held[image] != 0 ? validation : train).push_back(image);
  }
};

[[gnu::noinline]] inline void check_fit(const examples& from, const fit_options& how) {
  if (how.epochs < 0) throw error("fit: expected epochs of at least 0, found a negative number");
  if (how.batch < 1) throw error("fit: expected a batch of at least 1 image, found none");
  if (from.size() == 0) throw error("fit: expected at least 1 image, found none");
  const bool validated = how.validation.size() != 0;
  if (validated && how.validation_split != 0)
    throw error("fit: expected validation images or a part held out for it, found both");
  if ((how.early_stopping.patience > 0 || how.keep_best) && !validated && how.validation_split == 0)
    throw error(
        "fit: expected validation images to stop early or to keep the best epoch by, "
        "found none");
}

/// The loop over epochs; compiled once for all networks.
class epochs_loop {
 public:
  /// `past` has the epochs done before, and gets the others.
  epochs_loop(trainee& who, const examples& from, const fit_options& how, std::uint64_t seed,
              history& past)
      : who_{who},
        from_{from},
        how_{how},
        seed_{seed},
        past_{past},
        held_{from.size(), how.validation_split, seed} {
    const std::size_t batch = static_cast<std::size_t>(how.batch);
    steps_ = (held_.train.size() + batch - 1) / batch;
    last_ = static_cast<int>(past.epochs.size()) + how.epochs;
  }

  /// The records of these epochs.
  [[gnu::cold]] history run() {
    const std::size_t done = past_.epochs.size();
    while (static_cast<int>(past_.epochs.size()) < last_ &&
           !how_.early_stopping.stops(past_.epochs)) {
      const epoch_record record = next_epoch();
      past_.epochs.push_back(record);
      const bool best = past_.best() == &past_.epochs.back() || !who_.has_kept_weights();
      if (how_.keep_best && best) who_.keep_weights();
      if (how_.progress != nullptr) how_.progress->end_epoch(record);
      if (how_.on_epoch && !how_.on_epoch(record)) break;
    }
    if (how_.keep_best && who_.has_kept_weights()) who_.take_kept_weights();
    return {{past_.epochs.begin() + static_cast<std::ptrdiff_t>(done), past_.epochs.end()}};
  }

 private:
  epoch_record next_epoch() {
    const double begun = steady_seconds();
    const int epoch = static_cast<int>(past_.epochs.size()) + 1;
    order_ = held_.train;
    if (how_.shuffle) shuffle(order_, seed_, static_cast<std::uint64_t>(epoch));
    if (how_.progress != nullptr) how_.progress->begin_epoch(epoch, last_, steps_, order_.size());
    epoch_record record = train(epoch);
    evaluate(record);
    record.seconds = steady_seconds() - begun;
    return record;
  }

  epoch_record train(int epoch) {
    const std::size_t batch = static_cast<std::size_t>(how_.batch);
    schedule_point at{.steps = static_cast<std::int64_t>(steps_) * last_,
                      .steps_of_epoch = static_cast<std::int64_t>(steps_),
                      .epochs = past_.epochs};
    double loss = 0, right = 0;
    std::size_t step = 0;
    for (std::size_t first = 0; first < order_.size(); first += batch) {
      const auto images = std::min(batch, order_.size() - first);
      at.step = static_cast<std::int64_t>(steps_) * (epoch - 1) + static_cast<std::int64_t>(step);
      who_.set_rate_factor(rate_factor(how_.schedule, how_.warm_up, at));
      batch_record record = who_.train_batch({.chosen = {from_, order_, first},
                                              .images = static_cast<int>(images),
                                              .epoch = epoch,
                                              .drawn_for = static_cast<std::uint64_t>(epoch),
                                              .augmented = true,
                                              .partners = held_.train});
      record.step = ++step;
      loss += record.loss * static_cast<double>(images);
      right += record.accuracy * static_cast<double>(images);
      const double seen = static_cast<double>(first + images);
      if (how_.progress != nullptr) how_.progress->step(step, loss / seen, right / seen);
      if (how_.on_batch) how_.on_batch(record);
    }
    const double all = static_cast<double>(order_.size());
    return {.epoch = epoch, .loss = loss / all, .accuracy = right / all};
  }

  void evaluate(epoch_record& record) {
    evaluation validation;
    if (!held_.validation.empty())
      validation = who_.evaluate_examples(from_, held_.validation);
    else if (how_.validation.size() != 0)
      validation = who_.evaluate_examples(how_.validation, {});
    const evaluation test =
        how_.test.size() == 0 ? evaluation{} : who_.evaluate_examples(how_.test, {});
    record.validation_loss = validation.loss;
    record.validation_accuracy = validation.accuracy;
    record.test_loss = test.loss;
    record.test_accuracy = test.accuracy;
  }

  trainee& who_;
  const examples& from_;
  const fit_options& how_;
  std::uint64_t seed_;
  history& past_;
  held_out held_;
  std::vector<std::uint32_t> order_ = {};
  std::size_t steps_ = 0;
  int last_ = 0;
};

/// The epochs after those of `past`, which gets them as well.
inline history run_epochs(trainee& who, const examples& from, const fit_options& how,
                          std::uint64_t seed, history& past) {
  check_fit(from, how);
  return epochs_loop{who, from, how, seed, past}.run();
}

}  // namespace detail

}  // namespace lamina
