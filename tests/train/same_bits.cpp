// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/trainer.hpp>

#include <lamina/augment/policy.hpp>

#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <algorithm>
#include <cstdint>
#include <vector>

#include "train/values_of.hpp"

using namespace lamina;
using test::values_of;

namespace {

using small_cnn = network<input<9, 8, 1>, conv2d<7, window<3>, same>, relu, batch_norm<>,
                          max_pool<2, same>, conv2d<5, window<3>, same>, relu, dropout<0.2>,
                          batch_norm<>, flatten, dense<33>, relu, dropout<0.3>, dense<4>, softmax>;

/// Dense layers one behind the other, whose weights' gradients are left to the one before: what was
/// fused with them is undone by the step behind or by themselves. The second has weights enough
/// that its input's gradient is summed in halves.
using dense_chain =
    network<input<9, 8, 1>, flatten, dense<256>, hyperbolic_tangent, dropout<0.2>, dense<257>, relu,
            dense<20>, hyperbolic_tangent, dropout<0.3>, dense<33>, dense<4>, softmax>;

struct pictures {
  std::vector<std::uint8_t> pixels;
  std::vector<std::uint8_t> labels;
  examples view() const { return examples::of(std::span{pixels}, 72, std::span{labels}); }
};

/// Four kinds of pictures: noise with one bright quarter.
pictures draw(std::size_t images) {
  pictures all;
  counter_generator random{7, 1};
  for (std::size_t i = 0; i < images; ++i) {
    const auto label = bounded(random, 4);
    all.labels.push_back(static_cast<std::uint8_t>(label));
    for (unsigned y = 0; y < 9; ++y) {
      for (unsigned x = 0; x < 8; ++x) {
        const bool bright = (y >= 5) == (label >= 2) && (x >= 4) == (label % 2 == 1);
        all.pixels.push_back(static_cast<std::uint8_t>(bounded(random, 100) + (bright ? 120 : 0)));
      }
    }
  }
  return all;
}

template <class Net = small_cnn, fusion_mode Fusion = fusion_mode::training>
std::vector<float> trained(const examples& from, int batch, const augment_plan& augmentation = {}) {
  trainer<Net, rmsprop, cross_entropy, float, Fusion> subject{{.seed = 3}};
  subject.fit(from, {.epochs = 2, .batch = batch, .augmentation = augmentation});
  return values_of(subject);
}

/// The same bits for any number of threads, which it returns.
template <class Net>
std::vector<float> check_threads(const pictures& data, int batch,
                                 const augment_plan& augmentation = {}) {
  std::vector<float> expected;
  for (const int threads : {1, 2, 3, 8}) {
    const tbb::global_control limit{tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads)};
    tbb::task_arena arena{threads};
    const auto found =
        arena.execute([&] { return trained<Net>(data.view(), batch, augmentation); });
    if (expected.empty()) expected = found;
    CAPTURE(threads);
    CHECK(found == expected);
  }
  return expected;
}

}  // namespace

TEST_SUITE_BEGIN("small training");  // also run under the thread sanitizer

TEST_CASE("the same bits for any number of threads") {
  const pictures data = draw(75);
  for (const int batch : {1, 17, 32}) check_threads<small_cnn>(data, batch);
  check_threads<dense_chain>(data, 32);
}

TEST_CASE("the same bits for any number of threads, with every transform") {
  const pictures data = draw(75);
  using everything = augmentation<rotate<20>, zoom<0.2>, shift<0.1>, shear<10>, flip_horizontal,
                                  brightness<0.4>, contrast<0.3>, cutout<3>, elastic<4, 2>>;
  const auto expected = check_threads<small_cnn>(data, 48, everything{});
  CHECK(expected != trained(data.view(), 48));
}

TEST_CASE("inside tasks of the caller, two trainings side by side") {
  const pictures data = draw(48);
  const auto expected = trained(data.view(), 16);
  std::vector<std::vector<float>> found(2);
  tbb::parallel_for(0, 2,
                    [&](int i) { found[static_cast<std::size_t>(i)] = trained(data.view(), 16); });
  CHECK(found[0] == expected);
  CHECK(found[1] == expected);
}

TEST_CASE_TEMPLATE("fused and unfused steps train alike", Net, small_cnn, dense_chain) {
  const pictures data = draw(33);
  const auto fused = trained<Net, fusion_mode::training>(data.view(), 17);
  const auto unfused = trained<Net, fusion_mode::none>(data.view(), 17);
  REQUIRE(fused.size() == unfused.size());
  double apart = 0;
  double size = 0;
  for (std::size_t i = 0; i < fused.size(); ++i) {
    apart += (fused[i] - unfused[i]) * (fused[i] - unfused[i]);
    size += fused[i] * fused[i];
  }
  CHECK(apart <= 1e-8 * size);
}

TEST_CASE("a small network learns, and predicts what it learnt") {
  const pictures data = draw(400);
  trainer<small_cnn> subject{{.seed = 1}};
  const history told = subject.fit(data.view(), {.epochs = 12, .batch = 32});
  CHECK(told.epochs.size() == 12);
  CHECK(told.epochs.back().loss < 0.5 * told.epochs.front().loss);
  const evaluation found = subject.evaluate(data.view());
  CHECK(found.images == 400);
  CHECK(found.accuracy > 0.95);

  const auto digits = subject.classifier();
  const auto all = subject.predict(data.view());
  std::size_t right = 0;
  for (std::size_t i = 0; i < 400; ++i) {
    const auto answer = digits.predict(data.view().image(i));
    right += answer.label == data.labels[i];
    for (std::size_t c = 0; c < 4; ++c) {
      CHECK(answer.probabilities[c] == doctest::Approx(all[4 * i + c]).epsilon(1e-5));
    }
  }
  CHECK(static_cast<double>(right) / 400 == doctest::Approx(found.accuracy));
}

TEST_CASE("the memory of a training is what the type says") {
  const pictures data = draw(40);
  trainer<small_cnn> subject;
  subject.fit(data.view(), {.batch = 40});
  CHECK(subject.memory_bytes() == training_bytes<small_cnn, 40, rmsprop>);
}

TEST_CASE("a callback sees every batch and can end the training") {
  const pictures data = draw(50);
  trainer<small_cnn> subject;
  int batches = 0;
  int images = 0;
  const history told = subject.fit(
      data.view(), {.epochs = 9,
                    .batch = 16,
                    .on_batch =
                        [&](const batch_record& batch) {
                          ++batches;
                          images += batch.images;
                        },
                    .on_epoch = [](const epoch_record& epoch) { return epoch.epoch < 2; }});
  CHECK(told.epochs.size() == 2);
  CHECK(batches == 8);
  CHECK(images == 100);
}

TEST_CASE("examples that do not fit are refused with what was expected and found") {
  const pictures data = draw(4);
  trainer<small_cnn> subject;
  const auto wrong_size = examples::of(std::span{data.pixels}, 36);
  CHECK_THROWS_WITH_AS(subject.fit(wrong_size), "examples: expected images of 72 values, found 36",
                       error);
  CHECK_THROWS_WITH_AS(subject.fit(examples::of(std::span{data.pixels}, 72)),
                       "examples: expected labels or targets, found none", error);
  pictures beyond = data;
  beyond.labels[2] = 4;
  CHECK_THROWS_WITH_AS(subject.fit(beyond.view()),
                       "examples: expected labels below 4, found 4 at image 2", error);
  CHECK_THROWS_AS(subject.fit(data.view(), {.batch = 0}), error);
}

TEST_SUITE_END();
