// SPDX-License-Identifier: BSL-1.0
#include <lamina/error.hpp>
#include <lamina/io/plots.hpp>
#include <lamina/serialize/files.hpp>
#include <lamina/train/diagnosis.hpp>
#include <lamina/train/losses.hpp>
#include <lamina/train/schedules.hpp>

#include "commands.hpp"
#include "interruption.hpp"
#include "recipes.hpp"
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

/// A run that is begun, or goes on.
struct training {
  run_plan plan;
  std::filesystem::path out;
  labelled_data data;
  summary described;
  std::unique_ptr<session> network;
  augment_plan augmentation;
  preprocess_plan preprocessing = {};
  int threads = 1;

  std::filesystem::path checkpoint() const { return out / checkpoint_name; }
};

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

void check_split(const run_plan& plan, std::size_t images) {
  const auto held = std::llround(plan.validation * static_cast<double>(images));
  if (plan.validation > 0 && (held == 0 || held >= static_cast<long long>(images)))
    throw error("--validation: expected images to train on and images to hold back, found " +
                std::to_string(held) + " of " + std::to_string(images) + " held back");
}

run_plan new_plan(const model_options& options, const train_words& words) {
  return {.model = words.model,
          .seed = words.seed,
          .validation = words.validation,
          .how = recipe_of(options, words)};
}

run_plan interrupted_plan(const std::filesystem::path& out, const train_words& words) {
  const auto checkpoint = out / checkpoint_name;
  std::error_code ignored;
  if (!std::filesystem::exists(checkpoint, ignored))
    throw error(checkpoint.string() +
                ": expected the checkpoint of an interrupted run, found none");
  auto plan = read_plan(checkpoint);
  if (plan.model != words.model)
    throw error(checkpoint.string() + ": expected a run of " + words.model + ", found one of " +
                detail::printable(plan.model));
  return plan;
}

training start(const model_registry& models, const train_words& words) {
  const auto& [type, options] = models.at(words.model);
  const auto out = words.out.empty() ? "runs" / std::filesystem::path(words.model) : words.out;
  prepare_run_folder(out);
  training run{.plan = words.resume ? interrupted_plan(out, words) : new_plan(options, words),
               .out = out,
               .data = {},
               .described = {},
               .network = {},
               .augmentation = {}};
  run.augmentation = augmentation_of(options, run.plan.how);
  run.preprocessing = options.preprocessing;
  run.threads = words.threads > 0 ? words.threads : oneapi::tbb::info::default_concurrency();
  run.described = type->describe(run.plan.how.batch);
  run.data = options.data(words.data);
  expect_images_for(run.described, words.model, run.data.train);
  expect_images_for(run.described, words.model, run.data.test);
  check_split(run.plan, run.data.train.size());
  const auto found = check_of(run.data.train);
  if (words.resume && run.plan.data != found)
    throw error(run.checkpoint().string() + ": expected the training images of that run, " +
                detail::printable(run.plan.data) + ", found " + found);
  run.plan.data = found;
  const auto weights = run.plan.how.class_weights
                           ? balanced_class_weights(run.data.train.labels, run.described.classes)
                           : std::vector<double>{};
  run.network = type->start(run.plan.seed, run.plan.how, weights);
  if (words.resume) run.network->load_checkpoint(run.checkpoint());
  return run;
}

void fit(const training& run) {
  const oneapi::tbb::global_control limit(oneapi::tbb::global_control::max_allowed_parallelism,
                                          static_cast<std::size_t>(run.threads));
  oneapi::tbb::task_arena arena(run.threads);
  const interruption interrupted;
  const auto save = [&] { run.network->save_checkpoint(run.checkpoint(), metadata_of(run.plan)); };
  progress_bar bar;
  const recipe& how = run.plan.how;
  const fit_options options{
      .epochs = how.epochs - static_cast<int>(run.network->epochs().epochs.size()),
      .batch = how.batch,
      .validation_split = run.plan.validation,
      .test = run.data.test,
      .augmentation = run.augmentation,
      .schedule = schedule_named(how.schedule),
      .warm_up = {.epochs = how.warm_up},
      .early_stopping = {.patience = how.patience},
      .keep_best = how.keep_best,
      .on_batch =
          [&](const batch_record& batch) {
            if (interrupted)
              throw error("interrupted in epoch " + std::to_string(batch.epoch) +
                          "; `lamina train " + run.plan.model + " --out " + run.out.string() +
                          " --resume` goes on after the last whole one");
          },
      .on_epoch =
          [&](const epoch_record&) {
            save();
            return true;
          },
      .progress = &bar};
  save();
  arena.execute([&] { run.network->fit(run.data.train, options); });
}

/// The epoch whose weights the network has at the end.
const epoch_record& answering_epoch(const training& run) {
  const history& done = run.network->epochs();
  return run.plan.how.keep_best ? *done.best() : done.epochs.back();
}

json document_of(const training& run, const diagnosis& meaning) {
  const auto& last = answering_epoch(run);
  json document{{"model", run.plan.model},
                {"parameters", run.described.parameters},
                {"seed", run.plan.seed},
                {"threads", run.threads},
                {"batch", run.plan.how.batch},
                {"recipe", json_of(run.plan.how)},
                {"validation", run.plan.validation},
                {"epochs", epochs_json(run.network->epochs())},
                {"test",
                 {{"loss", number(last.test_loss)},
                  {"accuracy", number(last.test_accuracy)},
                  {"images", run.data.test.size()}}}};
  document["curves"] = {{"shape", meaning.name()},
                        {"epoch", meaning.epoch > 0 ? json(meaning.epoch) : json()},
                        {"sentence", meaning.sentence}};
  document["seconds"] = seconds_since_start();
  document["run"] = run.out.string();
  return document;
}

void write(const training& run, const json& document) {
  staged_files files(run.out);
  const auto title =
      run.plan.model + ", recipe " + run.plan.how.name + ", seed " + std::to_string(run.plan.seed);
  write_file_atomically(files.add("curves.png").string(),
                        io::plot_curves(run.network->epochs(), title));
  write_file_atomically(files.add("history.csv").string(), run.network->epochs().csv());
  write_file_atomically(files.add("run.json").string(), document.dump(2) + "\n");
  run.network->save(files.add(weights_name),
                    run_metadata(run.plan.model, run.preprocessing, run.data.labels));
  files.take_names_of_run();
}

}  // namespace

void train(const model_registry& models, const train_words& words) {
  const auto run = start(models, words);
  fit(run);
  const auto meaning = diagnose(run.network->epochs());
  const auto document = document_of(run, meaning);
  write(run, document);
  if (words.json) return print(document);
  const auto& last = answering_epoch(run);
  std::printf(
      "accuracy %.4f on %zu test images, loss %.4f, after %d epochs in %.1f s\n%s\nrun: %s\n",
      last.test_accuracy, run.data.test.size(), last.test_loss, last.epoch, seconds_since_start(),
      meaning.sentence.c_str(), run.out.c_str());
}

}  // namespace lamina::cli
