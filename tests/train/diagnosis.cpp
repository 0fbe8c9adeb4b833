// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/diagnosis.hpp>
//
#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

using namespace lamina;

namespace {

struct point {
  double loss, accuracy, held_loss = absent, held_accuracy = absent;
};

history run_of(const std::vector<point>& points, bool validated = true) {
  history run;
  for (const point& each : points) {
    auto& epoch = run.epochs.emplace_back();
    epoch.epoch = static_cast<int>(run.epochs.size());
    epoch.loss = each.loss;
    epoch.accuracy = each.accuracy;
    (validated ? epoch.validation_loss : epoch.test_loss) = each.held_loss;
    (validated ? epoch.validation_accuracy : epoch.test_accuracy) = each.held_accuracy;
  }
  return run;
}

}  // namespace

TEST_CASE("curves that fit") {
  const auto found = diagnose(run_of({{0.5, 0.85, 0.4, 0.9}, {0.1, 0.98, 0.12, 0.97}}));
  CHECK(found.shape == curve_shape::fits);
  CHECK(found.sentence ==
        "Fits: after 2 epochs the training loss is 0.100 and the validation loss 0.120, its "
        "smallest being 0.120 (epoch 2); right are 98.0 % of the training images and 97.0 % of the "
        "validation images.");
  CHECK(diagnose(run_of({{0.1, 0.95}})).sentence ==
        "Fits: after 1 epoch the training loss is 0.100; right are 95.0 % of the training images.");
}

TEST_CASE("a held-out loss that rises while the training loss falls") {
  const auto found = diagnose(
      run_of({{1, 0.6, 1, 0.6}, {0.5, 0.8, 0.6, 0.8}, {0.2, 0.9, 0.7, 0.8}, {0.1, 0.99, 0.9, 0.8}},
             false));
  CHECK(found.shape == curve_shape::overfits);
  CHECK(found.name() == "overfits");
  CHECK(found.epoch == 3);
  CHECK(
      found.sentence ==
      "Overfits from epoch 3: the test loss rose from 0.600 to 0.900 while the training loss fell "
      "from 0.500 to 0.100; right are 99.0 % of the training images and 80.0 % of the test "
      "images.");
}

TEST_CASE("accuracies that part") {
  const auto found = diagnose(run_of(
      {{1, 0.9, 1, 0.8}, {0.5, 0.8, 0.5, 0.8}, {0.2, 0.95, 0.5, 0.8}, {0.1, 0.99, 0.5, 0.85}}));
  CHECK(found.shape == curve_shape::overfits);
  CHECK(found.epoch == 3);
}

TEST_CASE("too little learnt, on both sets") {
  const auto found = diagnose(run_of({{2, 0.3, 2, 0.3}, {1, 0.7, 1, 0.7}}));
  CHECK(found.shape == curve_shape::underfits);
  CHECK(found.epoch == 0);
}

TEST_CASE("a loss that grows, or is no number") {
  const auto grown = diagnose(run_of({{2, 0.3}, {1, 0.6}, {2.5, 0.2}}));
  CHECK(grown.shape == curve_shape::diverges);
  CHECK(grown.epoch == 3);
  const auto lost = diagnose(run_of({{2, 0.3}, {std::numeric_limits<double>::infinity(), 0.1}}));
  CHECK(lost.shape == curve_shape::diverges);
  CHECK(lost.epoch == 2);
  CHECK(diagnose({}).sentence == "No epoch was trained.");
}

TEST_CASE("without accuracies the losses are told alone") {
  const auto found = diagnose(run_of({{2, absent, 2, absent}, {1, absent, 1, absent}}));
  CHECK(found.shape == curve_shape::fits);
  CHECK(found.sentence.find('%') == std::string::npos);
}
