// SPDX-License-Identifier: BSL-1.0
#include <lamina/execution/loss.hpp>

#include <lamina/augment/policy.hpp>
#include <lamina/train/trainer.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

using namespace lamina;

namespace {

/// More classes than pixels: logits and their gradient are what fills the plan's memory.
constexpr std::size_t kinds = 20, pixels = 4;
using classes = network<input<1, pixels, 1>, flatten, dense<kinds>, softmax>;
using mixing = augmentation<mixup<1.0>>;

struct pictures {
  std::vector<float> values;
  std::vector<std::uint8_t> labels;
  examples view() const { return examples::of(std::span{values}, pixels, std::span{labels}); }
};

pictures draw(std::size_t images) {
  pictures all;
  counter_generator random{11, 2};
  for (std::size_t i = 0; i < images; ++i) {
    for (std::size_t k = 0; k < pixels; ++k)
      all.values.push_back(static_cast<float>(uniform(random)));
    all.labels.push_back(static_cast<std::uint8_t>(bounded(random, kinds)));
  }
  return all;
}

/// Gradient descent on the dense layer with the blended pictures and targets, slowly.
struct slow_descent {
  std::vector<double> weights, bias;
  double loss = 0;

  void step(const pictures& all, double smoothing, double rate) {
    const std::size_t images = all.labels.size();
    std::vector<double> dw(kinds * pixels), db(kinds);
    loss = 0;
    for (std::uint32_t i = 0; i < images; ++i) {
      const auto drawn = draw_augmentation(mixing::plan, 5, 1, i, 1, int{pixels},
                                           static_cast<std::uint32_t>(images));
      double x[pixels], t[kinds], z[kinds], sum = 0;
      for (std::size_t k = 0; k < pixels; ++k)
        x[k] = drawn.share * static_cast<double>(all.values[i * pixels + k]) +
               (1 - drawn.share) * static_cast<double>(all.values[drawn.partner * pixels + k]);
      for (std::size_t c = 0; c < kinds; ++c) {
        t[c] = (drawn.share * (all.labels[i] == c) +
                (1 - drawn.share) * (all.labels[drawn.partner] == c)) *
                   (1 - smoothing) +
               smoothing / kinds;
        z[c] = bias[c];
        for (std::size_t k = 0; k < pixels; ++k) z[c] += weights[c * pixels + k] * x[k];
        sum += std::exp(z[c]);
      }
      for (std::size_t c = 0; c < kinds; ++c) {
        const double d = (std::exp(z[c]) / sum - t[c]) / static_cast<double>(images);
        loss -= t[c] * (z[c] - std::log(sum)) / static_cast<double>(images);
        db[c] += d;
        for (std::size_t k = 0; k < pixels; ++k) dw[c * pixels + k] += d * x[k];
      }
    }
    for (std::size_t i = 0; i < kinds * pixels; ++i) weights[i] -= rate * dw[i];
    for (std::size_t c = 0; c < kinds; ++c) bias[c] -= rate * db[c];
  }
};

/// The same loss, as one of a user's own.
struct own_cross_entropy {
  template <class T>
  T operator()(std::span<const T> prediction, std::span<const T> target,
               std::span<T> gradient) const {
    T loss = 0;
    for (std::size_t i = 0; i < prediction.size(); ++i) {
      loss -= target[i] * std::log(prediction[i]);
      gradient[i] = -target[i] / prediction[i];
    }
    return loss;
  }
};

template <class Loss>
void check_step(const Loss& loss, double smoothing) {
  const pictures all = draw(37);
  trainer<classes, sgd, Loss, double> subject{
      {.seed = 5, .optimizer = {.learning_rate = 0.5}, .loss = loss}};
  const auto tensors = subject.parameters();
  slow_descent slow{{tensors[0].values.begin(), tensors[0].values.end()},
                    {tensors[1].values.begin(), tensors[1].values.end()}};
  const auto told = subject.fit(all.view(), {.epochs = 1, .batch = 37, .augmentation = mixing{}});
  slow.step(all, smoothing, 0.5);
  CHECK(told.epochs[0].loss == doctest::Approx(slow.loss).epsilon(1e-9));
  for (std::size_t i = 0; i < kinds * pixels; ++i)
    CHECK(tensors[0].values[i] == doctest::Approx(slow.weights[i]).epsilon(1e-9));
  for (std::size_t c = 0; c < kinds; ++c)
    CHECK(tensors[1].values[c] == doctest::Approx(slow.bias[c]).epsilon(1e-9));
}

}  // namespace

TEST_CASE("mixup: pictures and targets are blended, against a slow step of descent") {
  check_step(cross_entropy{}, 0);
  check_step(cross_entropy{.label_smoothing = 0.1}, 0.1);
  check_step(own_cross_entropy{}, 0);
}

TEST_CASE("the partners of a mixup are never among the images held out") {
  pictures all = draw(60);
  for (const std::uint32_t image : detail::held_out(60, 0.5, 5).validation)
    std::fill_n(all.values.begin() + image * pixels, pixels,
                std::numeric_limits<float>::quiet_NaN());
  trainer<classes> subject{{.seed = 5}};
  const auto told =
      subject.fit(all.view(), {.epochs = 3, .validation_split = 0.5, .augmentation = mixing{}});
  for (const auto& epoch : told.epochs) {
    CHECK(std::isfinite(epoch.loss));
    CHECK(std::isnan(epoch.validation_loss));
  }
}

TEST_CASE("a flat input takes what changes values alone") {
  using flat = network<input<pixels>, dense<kinds>, softmax>;
  const pictures all = draw(8);
  trainer<flat> subject{{.seed = 1}};
  subject.fit(all.view(), {.augmentation = augmentation<mixup<0.2>, contrast<0.2>>{}});
  const auto turn = [&] { subject.fit(all.view(), {.augmentation = augmentation<rotate<5>>{}}); };
  CHECK_THROWS_WITH_AS(turn(),
                       "augmentation: expected a network whose input has height, width and "
                       "channels, found a flat one",
                       error);
}
