// SPDX-License-Identifier: BSL-1.0
#include <lamina/error.hpp>
#include <lamina/serialize/files.hpp>
#include <lamina/train/optimizers.hpp>

#include "commands.hpp"
#include "run_folder.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/info.h>
#include <oneapi/tbb/task_arena.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <cstdio>

namespace lamina::cli {

namespace {

using json = nlohmann::ordered_json;

/// What a recipe sets, after the command line has had its say.
struct settings {
  std::string recipe;
  int epochs, batch;
  any_optimizer optimizer;
};

settings settings_of(const model_options& model, const train_words& words) {
  auto optimizer = any_optimizer::named(words.optimizer.value_or(model.optimizer));
  if (words.learning_rate)
    optimizer.set_learning_rate(*words.learning_rate);
  else if (optimizer.name() == model.optimizer)
    optimizer.set_learning_rate(model.learning_rate);
  return {words.recipe, words.epochs.value_or(model.epochs), words.batch.value_or(model.batch),
          optimizer};
}

json recipe_json(const settings& chosen) {
  return {{"name", chosen.recipe},
          {"epochs", chosen.epochs},
          {"batch", chosen.batch},
          {"optimizer", chosen.optimizer.name()},
          {"learning_rate", chosen.optimizer.learning_rate()}};
}

/// What was not measured is null.
json number(double value) { return std::isnan(value) ? json() : json(value); }

json epochs_json(const history& done) {
  auto epochs = json::array();
  for (const auto& each : done.epochs)
    epochs.push_back({{"epoch", each.epoch},
                      {"loss", number(each.loss)},
                      {"accuracy", number(each.accuracy)},
                      {"validation_loss", number(each.validation_loss)},
                      {"validation_accuracy", number(each.validation_accuracy)},
                      {"test_loss", number(each.test_loss)},
                      {"test_accuracy", number(each.test_accuracy)},
                      {"seconds", number(each.seconds)}});
  return epochs;
}

/// Training and validation images: as in Keras the last part of the training images is held back.
std::pair<examples, examples> split(const examples& all, double validation) {
  const auto held_back =
      static_cast<std::size_t>(std::lround(validation * static_cast<double>(all.size())));
  if (held_back >= all.size() || (validation > 0 && held_back == 0))
    throw error("--validation: expected images to train on and images to hold back, found " +
                std::to_string(held_back) + " of " + std::to_string(all.size()) + " held back");
  const auto first = all.size() - held_back;
  return {all.subset(0, first), all.subset(first, held_back)};
}

history fit(session& network, const labelled_data& data, const settings& chosen,
            const train_words& words, int threads) {
  const oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism,
                                          static_cast<std::size_t>(threads));
  oneapi::tbb::task_arena arena(threads);
  const auto [train, validation] = split(data.train, words.validation);
  progress_bar bar;
  const fit_options how{.epochs = chosen.epochs,
                        .batch = chosen.batch,
                        .validation = validation,
                        .test = data.test,
                        .progress = &bar};
  return arena.execute([&] { return network.fit(train, how); });
}

}  // namespace

void train(const model_registry& models, const train_words& words) {
  const auto& [type, options] = models.at(words.model);
  const auto chosen = settings_of(options, words);
  const auto out = words.out.empty() ? "runs" / std::filesystem::path(words.model) : words.out;
  const int threads = words.threads > 0 ? words.threads : oneapi::tbb::info::default_concurrency();
  const auto described = type->describe(chosen.batch);
  prepare_run_folder(out);
  const auto data = options.data(words.data);
  expect_images_for(described, words.model, data.train);
  expect_images_for(described, words.model, data.test);
  const auto network = type->start(words.seed, chosen.optimizer);
  const auto done = fit(*network, data, chosen, words, threads);
  const auto& last = done.epochs.back();
  json document{{"model", words.model},
                {"parameters", described.parameters},
                {"seed", words.seed},
                {"threads", threads},
                {"batch", chosen.batch},
                {"recipe", recipe_json(chosen)},
                {"validation", words.validation},
                {"epochs", epochs_json(done)},
                {"test",
                 {{"loss", number(last.test_loss)},
                  {"accuracy", number(last.test_accuracy)},
                  {"images", data.test.size()}}}};
  document["seconds"] = seconds_since_start();
  document["run"] = out.string();
  staged_files run(out);
  write_file_atomically(run.add("history.csv").string(), done.csv());
  write_file_atomically(run.add("run.json").string(), document.dump(2) + "\n");
  network->save(run.add(weights_name), run_metadata(words.model, described, data.labels));
  run.take_names();
  if (words.json) return print(document);
  std::printf("accuracy %.4f on %zu test images, loss %.4f, after %d epochs in %.1f s\nrun: %s\n",
              last.test_accuracy, data.test.size(), last.test_loss, chosen.epochs,
              seconds_since_start(), out.c_str());
}

}  // namespace lamina::cli
