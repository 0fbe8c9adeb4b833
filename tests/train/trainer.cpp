// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/trainer.hpp>
//
#include <lamina/serialize/checkpoint.hpp>

#include <doctest/doctest.h>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "train/values_of.hpp"

namespace {

using namespace lamina;
using test::values_of;
using test::values_of_all;

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

TEST_CASE("an optimizer chosen by name keeps and saves what it needs, as its type does") {
  const auto kept_by = [](auto optimizer) {
    trainer<tiny, decltype(optimizer)> network{{.optimizer = optimizer}};
    std::vector<std::string> names;
    for (const auto& tensor : network.state()) names.push_back(tensor.name);
    return std::pair{names, network.memory_bytes()};
  };
  CHECK(kept_by(any_optimizer::named("sgd")) == kept_by(sgd{}));
  CHECK(kept_by(any_optimizer::named("rmsprop")) == kept_by(rmsprop{}));
  CHECK(kept_by(any_optimizer::named("adam")) == kept_by(adam{}));
  CHECK(kept_by(any_optimizer::named("rmsprop")).second <
        kept_by(any_optimizer::named("adam")).second);
}

TEST_CASE(
    "all that training knows gives the same bits on any number of threads, and when resumed") {
  const noise data(75);
  const trainer<tiny, any_optimizer>::options options{.seed = 2,
                                                      .optimizer = any_optimizer::named("adamw"),
                                                      .loss = {0.1, {1, 2, 1}},
                                                      .clip = {.norm = 0.5, .value = 0.1},
                                                      .average = {.decay = 0.9}};
  const fit_options how{.epochs = 4,
                        .batch = 16,
                        .validation_split = 0.2,
                        .schedule = schedules::one_cycle{},
                        .keep_best = true};
  std::vector<float> expected, answering;
  for (const int threads : {1, 2, 3, 8}) {
    const tbb::global_control limit(tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads));
    tbb::task_arena(threads).execute([&] {
      trainer<tiny, any_optimizer> network{options};
      network.fit(data.view(), how);
      if (threads == 1) {
        expected = values_of(network);
        answering = values_of_all(network.answering_parameters());
      }
      CHECK(values_of(network) == expected);
      CHECK(values_of_all(network.answering_parameters()) == answering);
      CHECK(answering != expected);
    });
  }
  const std::string path = "resumed.safetensors";
  trainer<tiny, any_optimizer> interrupted{options}, resumed{options};
  fit_options broken_off = how;
  broken_off.on_epoch = [&](const epoch_record& record) {
    if (record.epoch == 2) save_checkpoint(interrupted, path, {{"recipe", "best"}});
    return record.epoch < 3;
  };
  interrupted.fit(data.view(), broken_off);
  CHECK(load_checkpoint(resumed, path).at("recipe") == "best");
  CHECK(resumed.epochs_done() == 2);
  fit_options rest = how;
  rest.epochs = how.epochs - resumed.epochs_done();
  resumed.fit(data.view(), rest);
  CHECK(values_of(resumed) == expected);
  CHECK(values_of_all(resumed.answering_parameters()) == answering);
  std::remove(path.c_str());
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

TEST_CASE("an average answers, is saved, and starts anew from loaded weights") {
  const noise data(30);
  trainer<tiny> network{{.seed = 3, .average = {.decay = 0.5}}}, other{{.average = {.decay = 0.5}}};
  CHECK(values_of_all(network.answering_parameters()) == values_of(network));
  network.step(data.view());
  CHECK(values_of_all(network.answering_parameters()) == values_of(network));
  network.step(data.view());
  CHECK(values_of_all(network.answering_parameters()) != values_of(network));
  CHECK(network.classifier().predict(data.view()) == network.predict(data.view()));
  save(network, "average.safetensors");
  load(other, "average.safetensors");
  CHECK(values_of(other) == values_of_all(network.answering_parameters()));
  CHECK(other.predict(data.view()) == network.predict(data.view()));
  std::remove("average.safetensors");
}

TEST_CASE("each step of one's own drops other values, the ones that its gradients announced") {
  const noise data(30);
  const trainer<tiny>::options still{.seed = 6, .optimizer = {.learning_rate = 0}};
  trainer<tiny> network{still}, alike{still};
  std::vector<double> losses;
  for (int step = 0; step < 4; ++step) {
    const double announced = network.compute_gradients(data.view());
    losses.push_back(network.step(data.view()).loss);
    CHECK(losses.back() == announced);
    CHECK(losses.back() == alike.step(data.view()).loss);
  }
  std::sort(losses.begin(), losses.end());
  CHECK(std::adjacent_find(losses.begin(), losses.end()) == losses.end());
}

TEST_CASE("the best epoch's weights are those at the end") {
  const noise data(60), held(12);
  trainer<tiny, adam> network{{.seed = 4, .optimizer = {.learning_rate = 0.05}}}, shorter = network;
  const history run = network.fit(
      data.view(), {.epochs = 12, .batch = 16, .validation = held.view(), .keep_best = true});
  const int best = run.best()->epoch;
  shorter.fit(data.view(), {.epochs = best, .batch = 16});
  CHECK(values_of(network) == values_of(shorter));
  CHECK(network.evaluate(held.view()).loss == run.best()->validation_loss);
}

TEST_CASE("class weights count in training alone, and have to be as many as classes") {
  const noise data(30);
  trainer<tiny> plain{{.seed = 4}}, alike{{.seed = 4, .loss = {.class_weights = {1, 1, 1}}}},
      skewed{{.seed = 4, .loss = {.class_weights = {1, 0, 4}}}};
  CHECK(plain.evaluate(data.view()).loss == skewed.evaluate(data.view()).loss);
  const double loss = plain.step(data.view()).loss;
  CHECK(alike.step(data.view()).loss == loss);
  CHECK(values_of(alike) == values_of(plain));
  CHECK(skewed.step(data.view()).loss != loss);
  CHECK(balanced_class_weights(std::vector<std::uint8_t>{0, 0, 0, 2}, 3) ==
        std::vector<double>{4.0 / 9, 0, 4.0 / 3});
  CHECK(refusal([] {
          trainer<tiny> unfit{{.loss = {.class_weights = {1, 2}}}};
        }) == "cross_entropy: expected a weight for each of 3 classes, found 2");
}

TEST_CASE("checkpoints of another network, and files that are none, are refused") {
  trainer<tiny> network{{.seed = 4}};
  trainer<tiny, adam> other{{.seed = 4}};
  const std::vector<float> before = values_of(network);
  save_checkpoint(other, "other.safetensors");
  CHECK(refusal([&] {
          load_checkpoint(network, "other.safetensors");
        }).starts_with("other.safetensors: expected "));
  save(other, "other.safetensors");
  CHECK(refusal([&] { load_checkpoint(network, "other.safetensors"); }) ==
        "other.safetensors: expected a checkpoint, found no \"history\" in the metadata");
  CHECK(values_of(network) == before);
  std::remove("other.safetensors");
}
