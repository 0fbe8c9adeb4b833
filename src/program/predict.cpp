// SPDX-License-Identifier: BSL-1.0
#include <lamina/error.hpp>
#include <lamina/io/picture_folder.hpp>
#include <lamina/io/pictures.hpp>
#include <lamina/io/preprocess.hpp>

#include "commands.hpp"
#include "confusion.hpp"
#include "drawing.hpp"
#include "run_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <iterator>
#include <span>
#include <system_error>

namespace lamina::cli {

namespace {

using json = nlohmann::ordered_json;

/// An image and what is known of it.
struct question {
  std::string name;
  std::vector<std::uint8_t> pixels = {};  ///< empty where the image could not be read
  std::string error = {};
  std::string expected = {};  ///< its label, if it has one
};

question read_image(const std::filesystem::path& path, const loaded_run& run) {
  question result{path.string()};
  try {
    result.pixels = io::preprocess(io::read_picture(path), run.options->preprocessing).pixels;
  } catch (const error& unreadable) {
    result.error = unreadable.what();
  }
  return result;
}

/// The pictures of a folder; where folders have the names of classes, those are expected.
std::vector<question> read_folder(const std::filesystem::path& folder, const loaded_run& run) {
  std::vector<question> all;
  for (const auto& path : io::pictures_in(folder)) {
    all.push_back(read_image(path, run));
    const auto parent = path.parent_path().filename().string();
    if (std::ranges::find(run.labels, parent) != run.labels.end()) all.back().expected = parent;
  }
  if (all.empty()) throw error(folder.string() + ": expected PNG or JPEG pictures, found none");
  return all;
}

std::vector<question> test_images(const loaded_run& run, const predict_words& words) {
  const auto test = run.options->data(words.data).test;
  expect_images_for(run.described, run.model, test);
  std::vector<question> all;
  for (std::size_t i = 0; i < std::min(words.test, test.size()); ++i) {
    const auto pixels = test.image(i).pixels;
    all.push_back({"test image " + std::to_string(i),
                   {pixels.begin(), pixels.end()},
                   {},
                   run.label(test.labels[i])});
  }
  return all;
}

std::vector<question> questions_of(const loaded_run& run, const predict_words& words) {
  auto all = words.test > 0 ? test_images(run, words) : std::vector<question>{};
  if (!words.images.empty() && run.described.channels != 1)
    throw error(run.model + ": expected a network of grey images to read pictures for, found " +
                std::to_string(run.described.channels) + " channels");
  for (const auto& path : words.images) {
    std::error_code ignored;
    auto asked = std::filesystem::is_directory(path, ignored)
                     ? read_folder(path, run)
                     : std::vector<question>{read_image(path, run)};
    std::ranges::move(asked, std::back_inserter(all));
  }
  return all;
}

/// The probabilities of all images that could be read, one after another.
std::vector<float> answers_of(const std::vector<question>& asked, const loaded_run& run) {
  std::vector<std::uint8_t> pixels;
  for (const auto& each : asked)
    pixels.insert(pixels.end(), each.pixels.begin(), each.pixels.end());
  if (pixels.empty()) return {};
  auto images = examples::of(std::span<const std::uint8_t>(pixels), run.described.image_size());
  images.factor = static_cast<float>(run.options->preprocessing.factor());
  images.offset = static_cast<float>(run.options->preprocessing.offset());
  return run.network->predict(images);
}

json answer_json(const question& asked, const loaded_run& run, std::span<const float> probabilities,
                 std::size_t top) {
  json answer{{"image", asked.name}};
  if (!asked.error.empty()) {
    answer["error"] = asked.error;
    return answer;
  }
  const auto order = ranking(probabilities);
  answer["label"] = run.label(order[0]);
  answer["confidence"] = probabilities[order[0]];
  if (!asked.expected.empty()) answer["expected"] = asked.expected;
  answer["top"] = json::array();
  for (std::size_t i = 0; i < std::min(top, order.size()); ++i)
    answer["top"].push_back(
        {{"label", run.label(order[i])}, {"probability", probabilities[order[i]]}});
  return answer;
}

void print_answer(const json& answer) {
  const auto name = answer["image"].get<std::string>();
  if (answer.contains("error")) return;
  std::printf("%s: %s", name.c_str(), answer["label"].get<std::string>().c_str());
  if (answer.contains("expected"))
    std::printf(" (it is %s)", answer["expected"].get<std::string>().c_str());
  for (const auto& each : answer["top"])
    std::printf("  %s %.2f %%", each["label"].get<std::string>().c_str(),
                100 * each["probability"].get<double>());
  std::printf("\n");
}

void show(const question& asked, const summary& network, bool json) {
  if (asked.pixels.empty() || network.channels != 1) return;
  std::FILE* const stream = json ? stderr : stdout;
  const auto text = draw({network.width, network.height, asked.pixels}, style_of(stream));
  std::fputs(text.c_str(), stream);
}

void fail_for_unreadable(const std::vector<question>& asked) {
  const auto unreadable = [](const question& each) { return !each.error.empty(); };
  const auto count = std::ranges::count_if(asked, unreadable);
  if (count == 0) return;
  const auto& first = std::ranges::find_if(asked, unreadable)->error;
  if (count == 1) throw error(first);
  throw error(std::to_string(count) + " of " + std::to_string(asked.size()) +
              " images cannot be read; the first: " + first);
}

}  // namespace

void predict(const model_registry& models, const predict_words& words) {
  const auto run = load_run(models, words.run);
  const auto asked = questions_of(run, words);
  auto predictions = json::array();
  const auto answers = answers_of(asked, run);
  std::span<const float> rest = answers;
  for (const auto& each : asked) {
    const auto probabilities = rest.first(each.error.empty() ? run.described.classes : 0);
    rest = rest.subspan(probabilities.size());
    predictions.push_back(answer_json(each, run, probabilities, words.top));
    if (words.show) show(each, run.described, words.json);
    if (!words.json) print_answer(predictions.back());
  }
  if (words.json) print({{"model", run.model}, {"predictions", predictions}});
  fail_for_unreadable(asked);
}

}  // namespace lamina::cli
