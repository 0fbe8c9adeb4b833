// SPDX-License-Identifier: BSL-1.0
#include "commands.hpp"
#include "confusion.hpp"
#include "run_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>

namespace lamina::cli {

namespace {

using json = nlohmann::ordered_json;

confusion confusion_of(const loaded_run& run, const dataset& images) {
  const auto classes = run.described.classes;
  const auto probabilities = run.network->predict(images);
  confusion result(classes);
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto first = probabilities.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto likeliest = std::max_element(first, first + static_cast<std::ptrdiff_t>(classes));
    result.count(images.labels[i], static_cast<std::size_t>(likeliest - first));
  }
  return result;
}

void print_table(const loaded_run& run, const confusion& answers) {
  std::printf("\n%-12s %9s %9s %9s %9s\n", "class", "precision", "recall", "f1", "images");
  for (std::size_t label = 0; label < run.described.classes; ++label) {
    const auto each = answers.figures(label);
    std::printf("%-12s %9.4f %9.4f %9.4f %9zu\n", run.label(label).c_str(), each.precision,
                each.recall, each.f1, each.images);
  }
  std::printf("\nconfusion: a row for each class, a column for each answer\n%-12s", "");
  for (std::size_t answer = 0; answer < run.described.classes; ++answer)
    std::printf(" %5s", run.label(answer).c_str());
  for (std::size_t label = 0; label < run.described.classes; ++label) {
    std::printf("\n%-12s", run.label(label).c_str());
    for (const auto count : answers.counts()[label]) std::printf(" %5zu", count);
  }
  std::printf("\n");
}

json classes_json(const loaded_run& run, const confusion& answers) {
  auto classes = json::array();
  for (std::size_t label = 0; label < run.described.classes; ++label) {
    const auto each = answers.figures(label);
    classes.push_back({{"label", run.label(label)},
                       {"precision", each.precision},
                       {"recall", each.recall},
                       {"f1", each.f1},
                       {"images", each.images}});
  }
  return classes;
}

}  // namespace

void evaluate(const model_registry& models, const evaluate_words& words) {
  const auto run = load_run(models, words.run);
  const auto test = run.options->data(words.data).test;
  expect_images_for(run.described, run.model, test);
  const auto result = run.network->evaluate(test);
  const auto answers = confusion_of(run, test);
  if (words.json)
    return print({{"model", run.model},
                  {"images", result.images},
                  {"loss", result.loss},
                  {"accuracy", result.accuracy},
                  {"classes", classes_json(run, answers)},
                  {"confusion", answers.counts()}});
  std::printf("%s: accuracy %.4f on %zu test images, loss %.4f\n", run.model.c_str(),
              result.accuracy, result.images, result.loss);
  print_table(run, answers);
}

}  // namespace lamina::cli
