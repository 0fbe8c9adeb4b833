// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/trainer.hpp>
//
#include <doctest/doctest.h>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

namespace {

using namespace lamina;

using tiny = network<input<3, 3, 1>, conv2d<4, window<2, 2>>, relu, batch_norm<>, flatten, dense<7>,
                     hyperbolic_tangent, dropout<0.1>, dense<3>, softmax>;
using line = network<input<1, 1, 2>, flatten, dense<1>>;

/// Noise of 9 values with the label in the first three.
struct noise {
  explicit noise(std::size_t images) : values(images * 9), labels(images) {
    for (std::size_t i = 0; i < values.size(); ++i)
      values[i] = static_cast<float>(uniform(random_bits(5, 6, i))) * 0.5f;
    for (std::size_t i = 0; i < images; ++i) {
      labels[i] = static_cast<std::uint8_t>(i % 3);
      values[i * 9 + labels[i]] += 1;
    }
  }

  examples view() const { return examples::of(values, 9, labels); }

  std::vector<float> values;
  std::vector<std::uint8_t> labels;
};

template <class Trainer>
std::vector<float> values_of(Trainer& from) {
  std::vector<float> all;
  for (const auto& tensor : from.parameters())
    all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  return all;
}

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const error& refused) {
    return refused.what();
  }
  return "accepted";
}

}  // namespace

TEST_SUITE_BEGIN("small training");

TEST_CASE("a network learns, on several threads, and the threads do not show in its bits") {
  const noise data(75);
  std::vector<float> expected;
  for (const int threads : {1, 4}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads));
    tbb::task_arena arena(threads);
    arena.execute([&] {
      trainer<tiny, rmsprop> network{{.seed = 1, .optimizer = {.learning_rate = 0.01}}};
      const history run = network.fit(data.view(), {.epochs = 8, .batch = 32});
      CHECK(run.epochs.back().loss < 0.5 * run.epochs.front().loss);
      CHECK(network.evaluate(data.view()).accuracy > 0.9);
      CHECK(network.epochs_done() == 8);
      const std::vector<float> found = values_of(network);
      if (expected.empty()) expected = found;
      CHECK(found == expected);
    });
  }
}

TEST_CASE("an optimizer chosen at run time gives the bits of its type") {
  const noise data(33);
  const auto trained = [&](auto optimizer) {
    trainer<tiny, decltype(optimizer)> network{{.seed = 1, .optimizer = optimizer}};
    network.fit(data.view(), {.batch = 16});
    return values_of(network);
  };
  CHECK(trained(any_optimizer::named("rmsprop")) == trained(rmsprop{}));
  CHECK(trained(any_optimizer::named("adamw")) == trained(adamw{}));
}

TEST_SUITE_END();

TEST_CASE("epochs in two calls of fit are the epochs of one") {
  const noise data(40);
  trainer<tiny, adam> once{{.seed = 4}}, twice{{.seed = 4}};
  once.fit(data.view(), {.epochs = 3, .batch = 16});
  CHECK(twice.fit(data.view(), {.epochs = 1, .batch = 16}).epochs[0].epoch == 1);
  CHECK(twice.fit(data.view(), {.epochs = 2, .batch = 16}).epochs[1].epoch == 3);
  CHECK(values_of(once) == values_of(twice));
}

TEST_CASE("a copy of a trainer goes on as the original does") {
  const noise data(20);
  trainer<tiny> original{{.seed = 4}};
  original.fit(data.view());
  trainer<tiny> copy = original;
  const std::vector<float> before = values_of(original);
  copy.fit(data.view());
  CHECK(values_of(original) == before);
  original.fit(data.view());
  CHECK(values_of(original) == values_of(copy));
}

TEST_CASE("a line is fitted to targets, with the mean squared error") {
  std::vector<float> values, targets;
  for (std::size_t i = 0; i < 50; ++i) {
    values.push_back(static_cast<float>(uniform(random_bits(1, 1, 2 * i))));
    values.push_back(static_cast<float>(uniform(random_bits(1, 1, 2 * i + 1))));
    targets.push_back(2 * values[2 * i] - 3 * values[2 * i + 1] + 0.5f);
  }
  trainer<line, sgd, mean_squared_error> network{
      {.optimizer = {.learning_rate = 0.1, .momentum = 0.9}}};
  const examples data = examples::of(values, 2, targets, 1);
  const history run = network.fit(data, {.epochs = 100, .batch = 25});
  CHECK(run.epochs.back().loss < 1e-6);
  CHECK(run.epochs.back().accuracy != run.epochs.back().accuracy);
  const std::vector<float> found = values_of(network);
  CHECK(found[0] == doctest::Approx(2).epsilon(1e-3));
  CHECK(found[1] == doctest::Approx(-3).epsilon(1e-3));
  CHECK(found[2] == doctest::Approx(0.5).epsilon(1e-3));
}

TEST_CASE("label smoothing keeps the probabilities from 1") {
  const noise data(60);
  trainer<tiny, adam, cross_entropy> network{
      {.optimizer = {.learning_rate = 0.02}, .loss = {.label_smoothing = 0.3}}};
  network.fit(data.view(), {.epochs = 40, .batch = 20});
  double sum = 0;
  const std::vector<float> all = network.predict(data.view());
  for (std::size_t i = 0; i < 60; ++i) sum += static_cast<double>(all[i * 3 + data.labels[i]]);
  CHECK(sum / 60 == doctest::Approx(0.8).epsilon(0.1));  // 1 - 0.3 + 0.3 / 3
}

TEST_CASE("examples that do not fit are refused, and nothing changes") {
  const noise data(6);
  trainer<tiny> network{{.seed = 1}};
  const std::vector<float> before = values_of(network);
  std::vector<std::uint8_t> labels = data.labels;
  labels[4] = 3;
  const examples wrong_label = examples::of(data.values, 9, labels),
                 wrong_size =
                     examples::of(std::span{data.values}.first(48), 8, std::span{data.labels}),
                 unlabelled = examples::of(data.values, 9);
  CHECK(refusal([&] { network.fit(wrong_label); }) ==
        "examples: expected labels below 3, found 3 at image 4");
  CHECK(refusal([&] { network.fit(wrong_size); }) ==
        "examples: expected images of 9 values, found 8");
  CHECK(refusal([&] { network.fit(unlabelled); }) ==
        "examples: expected labels or targets, found none");
  CHECK(refusal([&] { network.fit(data.view(), {.validation = wrong_label}); }) ==
        "examples: expected labels below 3, found 3 at image 4");
  CHECK(refusal([&] { network.evaluate(unlabelled); }) ==
        "examples: expected labels or targets, found none");
  CHECK(refusal([&] { network.fit({}); }).starts_with("examples: expected"));
  CHECK(values_of(network) == before);
  CHECK(network.predict(unlabelled).size() == 18);
}
