// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/plots.hpp>
#include <lamina/serialize/files.hpp>

#include "commands.hpp"
#include "confusion.hpp"
#include "run_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <span>
#include <tuple>

namespace lamina::cli {

namespace {

using json = nlohmann::ordered_json;

constexpr std::size_t most_mistakes = 32, most_pairs = 8;

/// What the network said of each image of a set.
struct answers {
  cli::confusion confusion;
  std::vector<judged_answer> judged;
  std::vector<io::mistake> mistakes;  // the surest first
};

answers answers_of(const loaded_run& run, const dataset& images) {
  const auto classes = run.described.classes;
  const auto probabilities = run.network->predict(images);
  answers all{confusion(classes), {}, {}};
  for (std::size_t i = 0; i < images.size(); ++i) {
    const auto first = probabilities.begin() + static_cast<std::ptrdiff_t>(i * classes);
    const auto likeliest = std::max_element(first, first + static_cast<std::ptrdiff_t>(classes));
    const auto label = std::size_t{images.labels[i]},
               answer = static_cast<std::size_t>(likeliest - first);
    const double confidence = static_cast<double>(*likeliest);
    all.confusion.count(label, answer);
    all.judged.push_back({confidence, label == answer});
    if (label != answer)
      all.mistakes.push_back({i, run.label(answer), run.label(label), confidence});
  }
  std::ranges::sort(all.mistakes, [](const io::mistake& a, const io::mistake& b) {
    return std::tuple(b.confidence, a.image) < std::tuple(a.confidence, b.image);
  });
  return all;
}

std::span<const io::mistake> worst(const answers& all) {
  return std::span{all.mistakes}.first(std::min(all.mistakes.size(), most_mistakes));
}

void print_table(const loaded_run& run, const confusion& counted) {
  std::printf("\n%-12s %9s %9s %9s %9s\n", "class", "precision", "recall", "f1", "images");
  for (std::size_t label = 0; label < run.described.classes; ++label) {
    const auto each = counted.figures(label);
    std::printf("%-12s %9.4f %9.4f %9.4f %9zu\n", run.label(label).c_str(), each.precision,
                each.recall, each.f1, each.images);
  }
  std::printf("\nconfusion: a row for each class, a column for each answer\n%-12s", "");
  for (std::size_t answer = 0; answer < run.described.classes; ++answer)
    std::printf(" %5s", run.label(answer).c_str());
  for (std::size_t label = 0; label < run.described.classes; ++label) {
    std::printf("\n%-12s", run.label(label).c_str());
    for (const auto count : counted.counts()[label]) std::printf(" %5zu", count);
  }
  std::printf("\n");
}

void print_confused(const loaded_run& run, const answers& all) {
  const auto pairs = all.confusion.most_confused(most_pairs);
  std::printf("\ncalibration error %.4f (how far confidence and accuracy are apart)\n",
              calibration_error(all.judged));
  if (!pairs.empty()) std::printf("most often confused:\n");
  for (const auto& each : pairs)
    std::printf("  %s taken for %s: %zu\n", run.label(each.label).c_str(),
                run.label(each.answer).c_str(), each.images);
}

json confused_json(const loaded_run& run, const answers& all) {
  auto pairs = json::array();
  for (const auto& each : all.confusion.most_confused(most_pairs))
    pairs.push_back({{"label", run.label(each.label)},
                     {"answer", run.label(each.answer)},
                     {"images", each.images}});
  return pairs;
}

json mistakes_json(const answers& all) {
  auto mistakes = json::array();
  for (const auto& each : worst(all))
    mistakes.push_back({{"image", each.image},
                        {"answer", each.answer},
                        {"truth", each.truth},
                        {"confidence", each.confidence}});
  return mistakes;
}

/// confusion.png and mistakes.png into the run's folder.
void draw(const loaded_run& run, const std::filesystem::path& folder, const answers& all,
          const dataset& images) {
  std::vector<std::string> labels;
  for (std::size_t i = 0; i < run.described.classes; ++i) labels.push_back(run.label(i));
  const auto right = images.size() - all.mistakes.size();
  char percent[32];
  std::snprintf(percent, sizeof percent, "%.2f %%",
                100 * static_cast<double>(right) / static_cast<double>(images.size()));
  staged_files files(folder);
  write_file_atomically(
      files.add("confusion.png").string(),
      io::plot_confusion(all.confusion.counts(), labels,
                         run.model + ": " + percent + " of " + std::to_string(images.size()) +
                             " test images are right"));
  write_file_atomically(files.add("mistakes.png").string(),
                        io::plot_mistakes(worst(all), images,
                                          run.model + ": the worst of " +
                                              std::to_string(all.mistakes.size()) + " mistakes"));
  files.take_names();
}

json classes_json(const loaded_run& run, const confusion& counted) {
  auto classes = json::array();
  for (std::size_t label = 0; label < run.described.classes; ++label) {
    const auto each = counted.figures(label);
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
  const auto all = answers_of(run, test);
  if (words.json) {
    print({{"model", run.model},
           {"images", result.images},
           {"loss", result.loss},
           {"accuracy", result.accuracy},
           {"calibration_error", calibration_error(all.judged)},
           {"classes", classes_json(run, all.confusion)},
           {"confusion", all.confusion.counts()},
           {"confused", confused_json(run, all)},
           {"mistakes", mistakes_json(all)}});
  } else {
    std::printf("%s: accuracy %.4f on %zu test images, loss %.4f\n", run.model.c_str(),
                result.accuracy, result.images, result.loss);
    print_table(run, all.confusion);
    print_confused(run, all);
  }
  draw(run, words.run, all, test);
}

}  // namespace lamina::cli
