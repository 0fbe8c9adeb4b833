// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/fit.hpp>
//
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <span>
#include <string>
#include <vector>

namespace {

using namespace lamina;

/// Writes down what it is asked; the loss of a batch is the mean of its images' numbers.
struct recorder : detail::trainee {
  std::vector<std::vector<std::uint32_t>> batches;
  std::vector<int> epochs;
  std::vector<std::size_t> evaluated;
  std::vector<std::uint32_t> held;  // the last ones that were named for an evaluation
  std::vector<double> factors;
  std::vector<double> validation_losses;  // answers to come, the first one first
  int kept_after = -1, taken_after = -1;  // epochs

  void set_rate_factor(double factor) override { factors.push_back(factor); }

  batch_record train_batch(const detail::training_batch& next) override {
    auto& batch = batches.emplace_back();
    for (std::size_t i = 0; i < static_cast<std::size_t>(next.images); ++i)
      batch.push_back(static_cast<std::uint32_t>(next.chosen.number(i)));
    epochs.push_back(next.epoch);
    const double sum = std::accumulate(batch.begin(), batch.end(), 0.0);
    return {.epoch = next.epoch, .images = next.images, .loss = sum / next.images, .accuracy = 0.5};
  }

  evaluation evaluate_examples(const examples& from,
                               std::span<const std::uint32_t> order) override {
    evaluated.push_back(order.empty() ? from.size() : order.size());
    if (!order.empty()) held.assign(order.begin(), order.end());
    double loss = static_cast<double>(from.size());
    if (evaluated.size() <= validation_losses.size())
      loss = validation_losses[evaluated.size() - 1];
    return {loss, 0.25, from.size()};
  }

  void keep_weights() override { kept_after = epochs.back(); }
  bool has_kept_weights() const override { return kept_after >= 0; }
  void take_kept_weights() override { taken_after = epochs.back(); }

  /// The images of an epoch in the order in which they were trained on.
  std::vector<std::uint32_t> order_of(int epoch) const {
    std::vector<std::uint32_t> all;
    for (std::size_t i = 0; i < batches.size(); ++i)
      if (epochs[i] == epoch) all.insert(all.end(), batches[i].begin(), batches[i].end());
    return all;
  }
};

struct told : progress {
  std::string text;

  void begin_epoch(int epoch, int epochs, std::size_t steps, std::size_t images) override {
    text += "begin " + std::to_string(epoch) + '/' + std::to_string(epochs) + ' ' +
            std::to_string(steps) + ' ' + std::to_string(images) + '\n';
  }
  void step(std::size_t done, double loss, double accuracy) override {
    text += "step " + std::to_string(done) + ' ' + std::to_string(loss) + ' ' +
            std::to_string(accuracy) + '\n';
  }
  void end_epoch(const epoch_record& record) override {
    text += "end " + std::to_string(record.epoch) + '\n';
  }
};

/// So many images of one value.
examples images(std::size_t count) {
  static const std::vector<float> values(100);
  return {.image_size = 1, .values = std::span{values}.first(count)};
}

history run_epochs(recorder& who, const examples& from, const fit_options& how,
                   std::uint64_t seed = 1, std::size_t done = 0) {
  history past;
  past.epochs.resize(done);
  return detail::run_epochs(who, from, how, seed, past);
}

std::string refusal(const examples& from, const fit_options& how) {
  recorder who;
  try {
    run_epochs(who, from, how);
  } catch (const error& refused) {
    CHECK(who.batches.empty());
    return refused.what();
  }
  return "accepted";
}

}  // namespace

TEST_CASE("an epoch sees each image once, the last batch may be smaller") {
  recorder who;
  const history run = run_epochs(who, images(10), {.epochs = 2, .batch = 4});
  REQUIRE(who.batches.size() == 6);
  CHECK(who.batches[2].size() == 2);
  CHECK(who.epochs == std::vector<int>{1, 1, 1, 2, 2, 2});
  std::vector<std::uint32_t> first = who.order_of(1), second = who.order_of(2);
  CHECK(first != second);
  std::sort(first.begin(), first.end());
  std::sort(second.begin(), second.end());
  CHECK(first == second);
  CHECK(first == std::vector<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  REQUIRE(run.epochs.size() == 2);
  CHECK(run.epochs[0].loss == doctest::Approx(4.5));  // the mean over images, not over batches
  CHECK(run.epochs[1].loss == doctest::Approx(4.5));
  CHECK(run.epochs[0].accuracy == doctest::Approx(0.5));
  CHECK(run.epochs[0].validation_loss != run.epochs[0].validation_loss);
  CHECK(run.epochs[1].seconds >= 0);
}

TEST_CASE("the order follows from seed and epoch alone, so a run can go on later") {
  recorder whole, early, late, other;
  run_epochs(whole, images(20), {.epochs = 3, .batch = 7}, 1, 0);
  run_epochs(early, images(20), {.epochs = 2, .batch = 20}, 1, 0);
  run_epochs(late, images(20), {.epochs = 1, .batch = 3}, 1, 2);
  run_epochs(other, images(20), {.epochs = 1}, 2, 0);
  CHECK(early.order_of(1) == whole.order_of(1));
  CHECK(early.order_of(2) == whole.order_of(2));
  CHECK(late.order_of(3) == whole.order_of(3));
  CHECK(other.order_of(1) != whole.order_of(1));
}

TEST_CASE("without shuffling the order is the examples'") {
  recorder who;
  run_epochs(who, images(5), {.batch = 2, .shuffle = false});
  CHECK(who.order_of(1) == std::vector<std::uint32_t>{0, 1, 2, 3, 4});
}

TEST_CASE("validation and test images are evaluated after each epoch") {
  recorder who;
  const history run =
      run_epochs(who, images(5), {.epochs = 2, .validation = images(3), .test = images(4)});
  CHECK(who.evaluated == std::vector<std::size_t>{3, 4, 3, 4});
  CHECK(run.epochs[1].validation_loss == 3);
  CHECK(run.epochs[1].validation_accuracy == 0.25);
  CHECK(run.epochs[1].test_loss == 4);
}

TEST_CASE("callbacks and progress hear of each batch and epoch, and may end the training") {
  recorder who;
  told progress;
  std::string heard;
  const history run = run_epochs(who, images(3),
                                 {.epochs = 5,
                                  .batch = 2,
                                  .shuffle = false,
                                  .on_batch =
                                      [&](const batch_record& batch) {
                                        heard += std::to_string(batch.epoch) + '.' +
                                                 std::to_string(batch.step) + ' ';
                                      },
                                  .on_epoch =
                                      [&](const epoch_record& record) {
                                        heard += "end ";
                                        return record.epoch < 2;
                                      },
                                  .progress = &progress});
  CHECK(heard == "1.1 1.2 end 2.1 2.2 end ");
  CHECK(run.epochs.size() == 2);
  CHECK(progress.text ==
        "begin 1/5 2 3\nstep 1 0.500000 0.500000\nstep 2 1.000000 0.500000\nend 1\n"
        "begin 2/5 2 3\nstep 1 0.500000 0.500000\nstep 2 1.000000 0.500000\nend 2\n");
}

TEST_CASE("a batch larger than all images, and no epochs, are allowed") {
  recorder who;
  CHECK(run_epochs(who, images(3), {.batch = 1024}).epochs.size() == 1);
  CHECK(who.batches.size() == 1);
  CHECK(run_epochs(who, images(3), {.epochs = 0}).epochs.empty());
}

TEST_CASE("what cannot be trained on is refused before the first step") {
  CHECK(refusal(images(0), {}) == "fit: expected at least 1 image, found none");
  CHECK(refusal(images(3), {.epochs = -1}).starts_with("fit: expected epochs of at least 0"));
  CHECK(refusal(images(3), {.batch = 0}).starts_with("fit: expected a batch of at least 1"));
}

TEST_CASE(
    "a part that is held out follows from the seed, is never trained on and always the same") {
  recorder who, again, other;
  const fit_options how{.epochs = 2, .batch = 4, .validation_split = 0.25};
  const history run = run_epochs(who, images(20), how);
  run_epochs(again, images(20), how);
  run_epochs(other, images(20), how, 2);
  CHECK(who.evaluated == std::vector<std::size_t>{5, 5});
  CHECK(std::is_sorted(who.held.begin(), who.held.end()));
  CHECK(again.held == who.held);
  CHECK(other.held != who.held);
  CHECK(run.epochs[0].validation_accuracy == 0.25);
  for (const int epoch : {1, 2}) {
    std::vector<std::uint32_t> all = who.order_of(epoch);
    CHECK(all.size() == 15);
    all.insert(all.end(), who.held.begin(), who.held.end());
    std::sort(all.begin(), all.end());
    for (std::uint32_t i = 0; i < 20; ++i) CHECK(all[i] == i);
  }
}

TEST_CASE("a schedule spans the epochs done and those to come") {
  recorder whole, late;
  const schedule how = [](const schedule_point& at) {
    return static_cast<double>(at.step) / static_cast<double>(at.steps);
  };
  run_epochs(whole, images(8), {.epochs = 3, .batch = 4, .schedule = how});
  CHECK(whole.factors == std::vector<double>{0, 1.0 / 6, 2.0 / 6, 3.0 / 6, 4.0 / 6, 5.0 / 6});
  run_epochs(late, images(8), {.epochs = 1, .batch = 4, .schedule = how}, 1, 2);
  CHECK(late.factors == std::vector<double>{4.0 / 6, 5.0 / 6});
}

TEST_CASE("training ends when the validation loss has not fallen for some epochs") {
  recorder who, patient;
  who.validation_losses = patient.validation_losses = {3, 2, 2.5, 1.95, 2.1, 1.5};
  const history run = run_epochs(who, images(4),
                                 {.epochs = 6,
                                  .validation = images(2),
                                  .early_stopping = {.patience = 2, .least_change = 0.1}});
  CHECK(run.epochs.size() == 4);
  CHECK(run_epochs(patient, images(4),
                   {.epochs = 6, .validation = images(2), .early_stopping = {.patience = 2}})
            .epochs.size() == 6);
  history past = run;  // a run that has ended stays so
  const fit_options how{
      .epochs = 2, .validation = images(2), .early_stopping = {.patience = 2, .least_change = 0.1}};
  CHECK(detail::run_epochs(who, images(4), how, 1, past).epochs.empty());
}

TEST_CASE("the weights of the epoch with the smallest validation loss are kept") {
  recorder who;
  who.validation_losses = {3, 1, 2};
  run_epochs(who, images(4), {.epochs = 3, .validation = images(2), .keep_best = true});
  CHECK(who.kept_after == 2);
  CHECK(who.taken_after == 3);
}

TEST_CASE("choices without validation images, and impossible splits, are refused") {
  CHECK(refusal(images(3), {.early_stopping = {.patience = 1}})
            .starts_with("fit: expected validation images"));
  CHECK(refusal(images(3), {.keep_best = true}).starts_with("fit: expected validation images"));
  CHECK(refusal(images(3), {.validation = images(2), .validation_split = 0.5})
            .starts_with("fit: expected validation images or a part"));
  for (const double part : {0.01, 0.99, 1.0, -0.5, std::nan("")})
    CHECK(refusal(images(3), {.validation_split = part})
              .starts_with("fit: expected a validation split"));
}
