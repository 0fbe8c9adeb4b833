// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/plots.hpp>
//
#include <lamina/io/pictures.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

using namespace lamina;

namespace {

io::picture decoded(const std::string& png) {
  return io::decode_picture(std::as_bytes(std::span{png}), "plot");
}

/// How many pixels are not white.
std::size_t drawn(const io::picture& plot) {
  return plot.pixels.size() -
         static_cast<std::size_t>(std::ranges::count(plot.pixels, std::uint8_t{255}));
}

history falling(int epochs) {
  history run;
  for (int epoch = 1; epoch <= epochs; ++epoch)
    run.epochs.push_back({.epoch = epoch,
                          .loss = 1.0 / epoch,
                          .accuracy = 1 - 0.5 / epoch,
                          .validation_loss = 0.5 + 0.1 * epoch,
                          .validation_accuracy = 0.7});
  return run;
}

}  // namespace

TEST_CASE("curves of any length are drawn, numbers or not") {
  for (const int epochs : {1, 2, 13, 300}) {
    const auto plot = decoded(io::plot_curves(falling(epochs), "a run"));
    CHECK(plot.width > plot.height);
    CHECK(drawn(plot) > 5000);
  }
  history broken = falling(4);
  broken.epochs[2].loss = std::numeric_limits<double>::quiet_NaN();
  broken.epochs[3].loss = std::numeric_limits<double>::infinity();
  CHECK(drawn(decoded(io::plot_curves(broken, ""))) > 5000);
  CHECK(drawn(decoded(io::plot_curves({}, "nothing"))) == 0);
}

TEST_CASE("a confusion of few and of many classes, and of no image") {
  for (const std::size_t classes : {1u, 2u, 24u, 100u}) {
    std::vector<std::vector<std::size_t>> counts(classes, std::vector<std::size_t>(classes));
    const std::vector<std::string> labels(classes, "x");
    const auto empty = decoded(io::plot_confusion(counts, labels, "none"));
    for (std::size_t i = 0; i < classes; ++i) counts[i][i] = 10;
    const auto full = decoded(io::plot_confusion(counts, labels, "all right"));
    CHECK(full.width == empty.width);
    CHECK(drawn(full) > drawn(empty));
  }
}

TEST_CASE("mistakes are shown with their pictures") {
  dataset images{.height = 2, .width = 3, .channels = 1, .classes = 2};
  images.pixels = {0, 0, 0, 0, 0, 0, 90, 90, 90, 90, 90, 90};
  images.labels = {0, 1};
  const std::vector<io::mistake> mistakes{{1, "a", "b", 0.9}, {0, "b", "a", 0.8}};
  const auto plot = decoded(io::plot_mistakes(mistakes, images, "two"));
  const auto black = std::ranges::count(plot.pixels, std::uint8_t{0}),
             grey = std::ranges::count(plot.pixels, std::uint8_t{90});
  CHECK(black > 10000);
  CHECK(std::abs(black - grey) < black / 20);
  CHECK(drawn(decoded(io::plot_mistakes({}, images, "none"))) > 500);
}
