// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/schedules.hpp>
//
#include <lamina/train/trainer.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "reference/vectors.hpp"

namespace {

using namespace lamina;
using reference::check_close;

std::vector<double> training_numbers(const std::string& name) {
  static const safetensors_file all = reference::open("training_vectors.safetensors");
  return reference::numbers_of(all, name);
}

/// The factors of 40 steps, 10 an epoch.
std::vector<double> factors(const schedule& how, const schedules::warm_up& before = {}) {
  std::vector<double> all;
  for (std::int64_t step = 0; step < 40; ++step)
    all.push_back(rate_factor(how, before, {.step = step, .steps = 40, .steps_of_epoch = 10}));
  return all;
}

void check_schedule(const std::string& name, const std::vector<double>& found) {
  check_close(found, name, training_numbers("schedules/" + name));
}

using small = network<input<3, 3, 1>, conv2d<4, window<2, 2>>, relu, batch_norm<>, flatten,
                      dense<3>, softmax>;

template <class T>
void set(const std::vector<named_tensor<T>>& tensors, const std::string& run) {
  for (const auto& tensor : tensors) {
    const std::vector<double> values = training_numbers(run + "/" + tensor.name);
    std::copy(values.begin(), values.end(), tensor.values.begin());
  }
}

void check_tensors(const std::vector<named_tensor<double>>& tensors, const std::string& run) {
  for (const auto& tensor : tensors)
    check_close(tensor.values, run + "/" + tensor.name, training_numbers(run + "/" + tensor.name),
                1e-10);
}

/// Images that floats hold, and their labels.
struct images_and_labels {
  std::vector<float> values;
  std::vector<std::uint8_t> labels;

  images_and_labels() {
    for (const double value : training_numbers("images"))
      values.push_back(static_cast<float>(value));
    for (const double label : training_numbers("labels"))
      labels.push_back(static_cast<std::uint8_t>(label));
  }
  examples view() const { return examples::of(values, 9, labels); }
};

}  // namespace

TEST_CASE("schedules are PyTorch's") {
  check_schedule("step", factors(schedules::step{.every = 2, .factor = 0.3}));
  check_schedule("cosine", factors(schedules::cosine{.end = 0.05}));
  check_schedule("one_cycle", factors(schedules::one_cycle{}));
  check_schedule("warm_up", factors(schedules::cosine{}, {.epochs = 1.5, .start = 0.2}));
}

TEST_CASE("a plateau is PyTorch's") {
  const schedules::on_plateau how{
      .factor = 0.5, .patience = 2, .threshold = 0.01, .cooldown = 1, .least = 0.1};
  std::vector<epoch_record> epochs;
  std::vector<double> found;
  for (const double loss : training_numbers("schedules/on_plateau/loss")) {
    epochs.push_back({.loss = 1, .validation_loss = loss});
    found.push_back(rate_factor(how, {}, {.epochs = epochs}));
  }
  CHECK(found.back() < 1);
  check_schedule("on_plateau", found);
}

TEST_CASE("clipping by norm, decay, one cycle, class weights and averages are PyTorch's") {
  const images_and_labels data;
  trainer<small, adamw, cross_entropy, double> subject{
      {.optimizer = {.learning_rate = 0.1,
                     .epsilon = 1e-6,
                     .weight_decay = 0.5,
                     .place = adam_epsilon::beside_corrected_root},
       .loss = {.label_smoothing = 0.1, .class_weights = {0.5, 1, 2}},
       .clip = {.norm = 0.3},
       .average = {.decay = 0.9}}};
  set(subject.parameters(), "adamw/before");
  subject.fit(
      data.view(),
      {.epochs = 3, .batch = 5, .shuffle = false, .schedule = schedules::one_cycle{.rising = 0.4}});
  check_tensors(subject.parameters(), "adamw/after");
  check_tensors(subject.answering_parameters(), "adamw/average");
}

TEST_CASE("clipping by value is PyTorch's") {
  const images_and_labels data;
  trainer<small, sgd, cross_entropy, double> subject{
      {.optimizer = {.learning_rate = 0.1, .momentum = 0.9}, .clip = {.value = 0.05}}};
  set(subject.parameters(), "sgd/before");
  subject.fit(data.view(), {.epochs = 3, .batch = 5, .shuffle = false});
  check_tensors(subject.parameters(), "sgd/after");
}
