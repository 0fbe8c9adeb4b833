// SPDX-License-Identifier: BSL-1.0
#include <lamina/program/command_line.hpp>

#include "fake_model.hpp"
#include "io/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

using namespace lamina;

namespace {

std::string read(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

/// The exit status of the program with one fake model, `model`.
int run(
    std::vector<std::string> words, model_options options = {.data = fake_data},
    std::function<void()> on_fit = [] {}) {
  cli::command_line program;
  program.add("model", std::make_unique<fake_model>(std::move(on_fit)), std::move(options));
  std::vector<const char*> arguments{"lamina"};
  for (const auto& word : words) arguments.push_back(word.c_str());
  return program.run(static_cast<int>(arguments.size()), arguments.data());
}

}  // namespace

TEST_CASE("a run is written by train and read by the other commands") {
  const temporary_folder folder;
  const auto out = (folder / "run").string();
  CHECK(run({"train", "model", "--out", out}) == 0);
  CHECK(read(folder / "run" / "history.csv").find("\n5,0.2,") != std::string::npos);
  CHECK(read(folder / "run" / "run.json").find("\"model\": \"model\"") != std::string::npos);
  CHECK(std::distance(std::filesystem::directory_iterator(out), {}) == 4);
  CHECK(run({"evaluate", out}) == 0);
  for (const char* name : {"curves.png", "confusion.png", "mistakes.png"})
    CHECK(read(folder / "run" / name).starts_with("\x89PNG"));
  CHECK(run({"predict", out, "--test", "2"}) == 0);
  CHECK(run({"summary", "model"}) == 0);
}

TEST_CASE("an older run stays until the new one is whole") {
  const temporary_folder folder;
  const auto out = (folder / "run").string();
  REQUIRE(run({"train", "model", "--out", out, "--epochs", "2"}) == 0);
  const auto weights = read(folder / "run" / "model.safetensors");
  const auto history = read(folder / "run" / "history.csv");
  CHECK(run({"train", "model", "--out", out}, {.data = fake_data},
            [] { throw std::runtime_error("the power\nis gone"); }) == 1);
  CHECK(read(folder / "run" / "model.safetensors") == weights);
  CHECK(read(folder / "run" / "history.csv") == history);
  CHECK(std::distance(std::filesystem::directory_iterator(out), {}) == 5);  // and a checkpoint
}

TEST_CASE("an interrupted run goes on after its last whole epoch, and stands alone at the end") {
  const temporary_folder folder;
  const auto whole = (folder / "whole").string(), out = (folder / "run").string();
  REQUIRE(run({"train", "model", "--out", whole, "--epochs", "4", "--seed", "3"}) == 0);
  int epochs = 0;
  CHECK(run({"train", "model", "--out", out, "--epochs", "4", "--seed", "3"}, {.data = fake_data},
            [&] {
              if (++epochs == 3) throw std::runtime_error("the power is gone");
            }) == 1);
  CHECK(run({"train", "model", "--out", out, "--resume", "--seed", "3"}) == 2);
  CHECK(run({"train", "model", "--out", out, "--resume"},
            {.data = [](const std::filesystem::path& path) {
              auto other = fake_data(path);
              ++other.train.pixels[0];
              return other;
            }}) == 1);
  epochs = 0;
  CHECK(run({"train", "model", "--out", out, "--resume"}, {.data = fake_data}, [&] { ++epochs; }) ==
        0);
  CHECK(epochs == 2);
  for (const char* name : {"model.safetensors", "history.csv"})
    CHECK(read(folder / "run" / name) == read(folder / "whole" / name));
  CHECK(run({"train", "model", "--out", out, "--resume"}) == 1);
}

TEST_CASE("a crash between the names of two runs' files leaves those of one, and is made good") {
  const temporary_folder folder;
  const auto out = folder / "run";
  REQUIRE(run({"train", "model", "--out", out.string(), "--epochs", "2"}) == 0);
  const auto run_json = read(out / "run.json");
  std::ofstream(out / ".history.new") << "new";
  std::ofstream(out / ".taking-names")
      << ".history.new history.csv\n.gone run.json\n- curves.png\n";
  std::ofstream(out / "curves.png") << "old";
  CHECK(run({"evaluate", out.string()}) == 0);
  CHECK(read(out / "history.csv") == "new");
  CHECK(read(out / "run.json") == run_json);
  for (const char* name : {".history.new", ".taking-names", "curves.png"})
    CHECK(!std::filesystem::exists(out / name));
}

TEST_CASE("what a killed process left is removed, but not what a living one writes") {
  const temporary_folder folder;
  const auto dead = std::to_string(99'999'999), living = std::to_string(::getpid());
  const std::string gone[] = {"checkpoint.safetensors." + dead + "-3.partial",
                              ".model.safetensors." + dead + ".new",
                              ".history.csv." + dead + ".new." + dead + "-0.partial"},
                    stays[] = {"checkpoint.safetensors." + living + "-3.partial", "notes.txt"};
  for (const auto& name : gone) std::ofstream(folder.path / name) << "half";
  for (const auto& name : stays) std::ofstream(folder.path / name) << "half";
  CHECK(run({"train", "model", "--out", folder.path.string()}) == 0);
  for (const auto& name : gone) CHECK(!std::filesystem::exists(folder.path / name));
  for (const auto& name : stays) CHECK(std::filesystem::exists(folder.path / name));
}

TEST_CASE("a recipe is the model's own, and the words change it") {
  const temporary_folder folder;
  const auto json_after = [&](std::vector<std::string> words, std::vector<recipe> own) {
    std::vector<std::string> all{"train", "model", "--out", folder.path.string()};
    all.insert(all.end(), words.begin(), words.end());
    CHECK(run(all, {.data = fake_data, .epochs = 3, .recipes = own}) == 0);
    return read(folder / "run.json");
  };
  const recipe best{.name = "best", .epochs = 2, .optimizer = "adamw", .weight_decay = 0.5};
  CHECK(json_after({}, {}).find("\"name\": \"course\"") != std::string::npos);
  CHECK(json_after({}, {best}).find("\"name\": \"best\"") != std::string::npos);
  CHECK(json_after({"--recipe", "course"}, {best}).find("\"name\": \"course\"") !=
        std::string::npos);
  CHECK(json_after({}, {best}).find("\"weight_decay\": 0.5") != std::string::npos);
  CHECK(json_after({"--schedule", "cosine"}, {best}).find("\"schedule\": \"cosine\"") !=
        std::string::npos);
  CHECK(run({"train", "model", "--recipe", "best", "--out", folder.path.string()}) == 2);
  for (const std::vector<std::string>& words :
       {std::vector<std::string>{"--weight-decay", "0.1"}, {"--patience", "2"}}) {
    std::vector<std::string> all{"train", "model", "--out", folder.path.string()};
    all.insert(all.end(), words.begin(), words.end());
    CHECK(run(all) == 1);
  }
}

TEST_CASE("an output folder that cannot be written is found before the images are read") {
  const temporary_folder folder;
  std::ofstream(folder / "file") << "no folder";
  bool asked = false;
  const model_options options{.data = [&](const std::filesystem::path& path) {
    asked = true;
    return fake_data(path);
  }};
  CHECK(run({"train", "model", "--out", (folder / "file").string()}, options) == 1);
  CHECK(run({"train", "model", "--out", "/proc/lamina"}, options) == 1);
  CHECK(!asked);
}

TEST_CASE("images that do not fit the network") {
  const temporary_folder folder;
  const auto with = [&](auto change) {
    return run({"train", "model", "--out", folder.path.string()},
               {.data = [&](const std::filesystem::path& path) {
                 auto data = fake_data(path);
                 change(data);
                 return data;
               }});
  };
  CHECK(with([](labelled_data&) {}) == 0);
  CHECK(with([](labelled_data& data) { data.train.width = 4, data.train.height = 1; }) == 1);
  CHECK(with([](labelled_data& data) { data.test.channels = 4; }) == 1);
  CHECK(with([](labelled_data& data) { data.train.classes = 3; }) == 1);
  CHECK(with([](labelled_data& data) { data.test.labels.clear(), data.test.pixels.clear(); }) == 1);
}

TEST_CASE("a part of the images to validate that is none, or all") {
  const temporary_folder folder;
  const auto validating = [&](const char* part) {
    return run({"train", "model", "--validation", part, "--out", folder.path.string()});
  };
  CHECK(validating("0.25") == 0);
  CHECK(validating("0.01") == 1);
  CHECK(validating("0.99") == 1);
}

TEST_CASE("wrong usage") {
  for (const auto& words :
       std::vector<std::vector<std::string>>{{},
                                             {"other"},
                                             {"train"},
                                             {"train", "other"},
                                             {"train", "model", "--epochs", "0"},
                                             {"train", "model", "--unknown"},
                                             {"predict", "run"},
                                             {"data", "fetch", "cifar"}})
    CHECK(run(words) == 2);
}
