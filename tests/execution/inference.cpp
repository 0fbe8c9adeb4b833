// SPDX-License-Identifier: BSL-1.0
#include <lamina/execution/predictor.hpp>

#include <doctest/doctest.h>
#include <algorithm>
#include <chrono>
#include <cmath>
#include <lamina/random.hpp>
#include <thread>
#include <utility>
#include <vector>

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <lamina/train/classifier.hpp>

#include "drawn_predictor.hpp"
#include "sanitized.hpp"

using namespace lamina;

namespace {

/// A layer of a user's own that spreads its work over the cores itself, and waits for it.
struct doubled_in_parallel {
  static constexpr auto output(auto in) { return in; }
  static constexpr auto parameters(auto) { return std::array<parameter, 0>{}; }
  static constexpr std::size_t workspace(auto) { return 0; }
  static void forward(auto pass) {
    tbb::parallel_for(std::size_t{0}, pass.input.size(), [&](std::size_t i) {
      if (i + 1 == pass.input.size()) std::this_thread::sleep_for(std::chrono::microseconds(200));
      pass.output[i] = 2 * pass.input[i];
    });
  }
  static void backward(auto) {}
};

/// Every way in which inference fuses: normalisation behind an activation and before it, dropout
/// that is gone, a normalisation of its own, a residual block.
using net = network<input<7, 6, 2>, conv2d<5, window<3>, same>, relu, dropout<0.3>, batch_norm<>,
                    max_pool<2, same>, conv2d<6, window<2>>, batch_norm<>, hyperbolic_tangent,
                    residual<conv2d<6, window<1>>, dropout<0.5>, sigmoid>, average_pool<2, same>,
                    flatten, batch_norm<>, dense<9>, leaky_relu<>, dense<5>, softmax>;

using fused_steps = test::drawn_predictor<net, double>;
using single_layers = test::drawn_predictor<net, double, fusion_mode::none>;

std::vector<float> draw_images(std::size_t count) {
  std::vector<float> values(count * 84);
  counter_generator draw{6, 6};
  for (float& value : values) value = static_cast<float>(uniform(draw));
  return values;
}

}  // namespace

TEST_CASE("fused inference gives what the layers give one by one") {
  for (const std::size_t count : {1u, 3u, 16u, 17u, 40u}) {
    const auto images = draw_images(count);
    const auto from = examples::of(std::span{images}, 84);
    const auto expected = single_layers{}.outputs(from);
    const auto found = fused_steps{}.outputs(from);
    REQUIRE(found.size() == 5 * count);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-12));
    }
  }
}

TEST_CASE("more images than are predicted at once, and the same ones in parts") {
  const auto images = draw_images(600);
  const auto from = examples::of(std::span{images}, 84);
  const auto whole = fused_steps{}.outputs(from);
  const auto part = fused_steps{}.outputs(from.subset(512, 88));
  CHECK(std::equal(part.begin(), part.end(), whole.begin() + 512 * 5));
  for (std::size_t i = 0; i < 600; ++i) {
    double sum = 0;
    for (std::size_t c = 0; c < 5; ++c) sum += whole[5 * i + c];
    CHECK(sum == doctest::Approx(1).epsilon(1e-12));
  }
}

using wide = network<input<611>, dense<435>, relu, dense<7>, softmax>;
using deep = network<input<20, 20, 1>, conv2d<17, window<5>, same>, relu, max_pool<2>,
                     conv2d<23, window<5>, same>, relu, flatten, dense<7>, softmax>;

TEST_CASE_TEMPLATE("the same answers and the same loss for any number of threads", Net, wide,
                   deep) {
  constexpr std::size_t size = Net::input_shape::size;
  test::drawn_predictor<Net, float> subject;
  std::vector<float> values(size * 700);
  counter_generator draw{8, 8};
  for (float& value : values) value = static_cast<float>(uniform(draw));
  const std::vector<std::uint8_t> labels(700, 2);
  const tbb::global_control at_most(tbb::global_control::max_allowed_parallelism, 8);
  for (const std::size_t count : {1u, 5u, 33u, 100u, 260u, 700u}) {
    if (test::sanitized && count > 100) continue;
    const auto from = examples::of(std::span{values}, size, labels).subset(0, count);
    const auto on = [&](int threads) {
      return tbb::task_arena(threads).execute([&] {
        return std::pair{subject.outputs(from), subject.loss(from)};
      });
    };
    const auto expected = on(1);
    for (const int threads : {2, 3, 8}) CHECK((on(threads) == expected));
  }
}

TEST_CASE("a classifier predicts from several threads at once") {
  const classifier<net> subject;
  const auto images = draw_images(32);
  const auto from = examples::of(std::span{images}, 84);
  const auto expected = subject.predict(from);
  std::vector<std::vector<float>> found(4);
  std::vector<std::thread> threads;
  for (auto& mine : found) {
    threads.emplace_back([&] {
      for (int repeat = 0; repeat < 20; ++repeat) mine = subject.predict(from);
    });
  }
  for (auto& thread : threads) thread.join();
  for (const auto& mine : found) CHECK(mine == expected);
}

TEST_CASE("a thread that waits in the middle of a prediction begins no other in its memory") {
  const classifier<network<input<3>, doubled_in_parallel, dense<4>, doubled_in_parallel>> subject;
  std::vector<float> values(3 * 500);
  counter_generator draw{7, 7};
  for (float& value : values) value = static_cast<float>(uniform(draw));
  const auto from = examples::of(std::span{values}, 3);
  const tbb::global_control at_most(tbb::global_control::max_allowed_parallelism, 8);
  const auto on = [&](int threads) {
    return tbb::task_arena(threads).execute([&] { return subject.predict(from); });
  };
  const auto expected = on(1);
  for (int repeat = 0; repeat < 200; ++repeat) CHECK(on(8) == expected);
}

TEST_CASE("a picture of another size is refused") {
  const classifier<net> subject;
  const std::vector<float> wrong(83);
  CHECK_THROWS_WITH_AS(subject.predict(std::span<const float>{wrong}),
                       "examples: expected images of 84 values, found 83", error);
}

TEST_CASE("values that are scaled and moved on their way in, few images and many") {
  for (const std::size_t count : {1u, 5u, 40u}) {
    const auto images = draw_images(count);
    auto scaled = images;
    for (float& value : scaled) value = value * 0.5f - 0.25f;
    auto view = examples::of(std::span{images}, 84);
    view.factor = 0.5f;
    view.offset = -0.25f;
    const auto found = fused_steps{}.outputs(view);
    const auto expected = fused_steps{}.outputs(examples::of(std::span{scaled}, 84));
    REQUIRE(found.size() == expected.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}
