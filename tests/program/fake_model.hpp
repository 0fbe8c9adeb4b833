// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/error.hpp>
#include <lamina/program/command_line.hpp>
#include <lamina/serialize/architecture.hpp>
#include <lamina/serialize/files.hpp>
#include <lamina/serialize/load.hpp>
#include <lamina/serialize/safetensors.hpp>

#include <array>
#include <functional>

/// A network of 2 x 2 pixels and two classes that answers class 1 where the first pixel is bright.
/// It shows that the program asks of a network nothing but its interface.
struct fake_session : lamina::cli::session {
  explicit fake_session(std::function<void()> on_fit) : on_fit_(std::move(on_fit)) {}

  lamina::history fit(const lamina::examples&, const lamina::fit_options& how) override {
    lamina::history done;
    for (int i = 0; i < how.epochs; ++i) {
      const int epoch = static_cast<int>(past_.epochs.size()) + 1;
      done.epochs.push_back({.epoch = epoch, .loss = 1.0 / epoch, .test_accuracy = 0.5});
      past_.epochs.push_back(done.epochs.back());
      on_fit_();
      if (how.on_epoch) how.on_epoch(done.epochs.back());
    }
    return done;
  }
  lamina::evaluation evaluate(const lamina::examples& from) override {
    return {.loss = 0.25, .accuracy = 1, .images = from.size()};
  }
  std::vector<float> predict(const lamina::examples& from) override {
    std::vector<float> all;
    for (std::size_t i = 0; i < from.size(); ++i) {
      const float bright = static_cast<float>(from.image(i).pixels[0]) / 255;
      all.insert(all.end(), {1 - bright, bright});
    }
    return all;
  }
  void save(const std::filesystem::path& path,
            const std::map<std::string, std::string>& metadata) override {
    lamina::write_file_atomically(path.string(), lamina::write_safetensors(tensors(), metadata));
  }
  void load(const std::filesystem::path& path) override {
    lamina::load_into(tensors(), {}, lamina::safetensors_file::read(path.string()));
  }
  const lamina::history& epochs() const override { return past_; }
  void save_checkpoint(const std::filesystem::path& path,
                       const std::map<std::string, std::string>& metadata) override {
    auto all = metadata;
    all["history"] = past_.csv();
    save(path, all);
  }
  void load_checkpoint(const std::filesystem::path& path) override {
    load(path);
    const auto file = lamina::safetensors_file::read(path.string());
    past_ = lamina::history::from_csv(file.metadata().at("history"));
  }

 private:
  std::vector<lamina::tensor> tensors() { return {{"1.weight", {1}, weight_}}; }

  std::function<void()> on_fit_;  // called in each epoch
  lamina::history past_;
  std::array<float, 1> weight_{3};
};

struct fake_model : lamina::cli::model {
  explicit fake_model(std::function<void()> on_fit = [] {}) : on_fit_(std::move(on_fit)) {}

  lamina::cli::summary describe(int) const override {
    return {.height = 2, .width = 2, .channels = 1, .classes = 2, .parameters = 1};
  }
  std::unique_ptr<lamina::cli::session> start(std::uint64_t, const lamina::recipe&,
                                              std::span<const double>) const override {
    return std::make_unique<fake_session>(on_fit_);
  }

 private:
  std::function<void()> on_fit_;
};

/// Four images that the fake network gets right.
inline lamina::labelled_data fake_data(const std::filesystem::path&) {
  const lamina::dataset data{.pixels = {0, 9, 9, 9, 255, 9, 9, 9, 10, 9, 9, 9, 200, 9, 9, 9},
                             .labels = {0, 1, 0, 1},
                             .height = 2,
                             .width = 2,
                             .channels = 1,
                             .classes = 2};
  return {data, data, {"dark", "bright"}};
}
