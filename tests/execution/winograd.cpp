// SPDX-License-Identifier: BSL-1.0
// Networks whose convolutions run by Winograd's products, against the same ones computed directly.
#include <lamina/execution/predictor.hpp>
//
#include <doctest/doctest.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include <algorithm>
#include <lamina/random.hpp>
#include <vector>

#include <lamina/bench/direct.hpp>
#include <lamina/train/trainer.hpp>

#include "drawn_predictor.hpp"
#include "sanitized.hpp"
#include "train/values_of.hpp"

using namespace lamina;
using test::values_of;

namespace {

template <class Net>
constexpr int by_winograd = []<class... Located>(detail::list<Located...>) {
  return (0 + ... + (detail::takes_winograd<Located>() ? 1 : 0));
}(typename Net::located_layers{});

/// Two strips of channels, padding and none, an even and an odd number of rows, dropout, a pool
/// that joins a convolution and one that does not.
using net = network<input<8, 8, 2>, conv2d<32, window<3>, same>, relu, conv2d<16, window<3>, same>,
                    relu, dropout<0.2>, batch_norm<>, max_pool<2>, conv2d<17, window<1>>,
                    batch_norm<>, flatten, dense<5>, softmax>;
using smooth = network<input<8, 7, 2>, conv2d<32, window<3>, same>, hyperbolic_tangent,
                       conv2d<32, window<3>, same>, hyperbolic_tangent, dropout<0.25>,
                       conv2d<16, window<3>>, flatten, dense<3>, softmax>;
using pools = network<input<11, 10, 16>, conv2d<32, window<3>, same>, max_pool<2, same>,
                      conv2d<16, window<1>>, global_average_pool, dense<4>>;
using pools_of_three = network<input<12, 12, 16>, conv2d<16, window<3>, same>, relu, batch_norm<>,
                               max_pool<3>, global_average_pool, dense<4>>;
using alone = network<input<12, 12, 16>, conv2d<16, window<3>, same>, batch_norm<>, sigmoid,
                      residual<conv2d<16, window<3>, same>>, flatten, dense<4>, softmax>;

static_assert(by_winograd<net> == 1);
static_assert(by_winograd<smooth> == 2);
static_assert(by_winograd<pools> == 1);
static_assert(by_winograd<pools_of_three> == 1);
static_assert(by_winograd<alone> == 2);
static_assert(by_winograd<bench::made_direct<alone>> == 0);

struct pictures {
  std::vector<float> values;
  std::vector<std::uint8_t> labels;
  std::size_t size;

  pictures(std::size_t count, std::size_t size) : values(count * size), labels(count), size(size) {
    counter_generator draw{6, 6};
    for (float& value : values) value = static_cast<float>(uniform(draw));
    for (auto& label : labels) label = static_cast<std::uint8_t>(bounded(draw, 3));
  }
  examples view() const { return examples::of(std::span{values}, size, labels); }
};

template <class Net>
pictures pictures_for(std::size_t count) {
  return pictures(count, static_cast<std::size_t>(Net::input_shape::size));
}

void check_alike(const std::vector<double>& found, const std::vector<double>& expected,
                 double tolerance) {
  REQUIRE(found.size() == expected.size());
  double apart = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    apart = std::max(apart, std::abs(found[i] - expected[i]) / (1 + std::abs(expected[i])));
  CHECK(apart <= tolerance);
}

}  // namespace

TEST_CASE_TEMPLATE("training by Winograd's products is training by direct ones", Net, net, alone) {
  const pictures data = pictures_for<Net>(33);
  const auto trained = [&]<class Of>(std::type_identity<Of>) {
    trainer<Of, sgd, cross_entropy, double> subject{{.seed = 3}};
    for (int step = 0; step < (test::sanitized ? 1 : 4); ++step) subject.step(data.view());
    return values_of(subject);
  };
  check_alike(trained(std::type_identity<Net>{}),
              trained(std::type_identity<bench::made_direct<Net>>{}), 1e-10);
}

TEST_CASE_TEMPLATE("a prediction by Winograd's products is one by direct ones", Net, net, smooth,
                   pools, pools_of_three, alone) {
  for (const std::size_t count : {1u, 16u, 40u}) {
    CAPTURE(count);
    const pictures data = pictures_for<Net>(count);
    const examples from = data.view();
    const auto expected = test::drawn_predictor<bench::made_direct<Net>, double>{}.outputs(from);
    check_alike(test::drawn_predictor<Net, double>{}.outputs(from), expected, 1e-12);
    using layer_by_layer = test::drawn_predictor<Net, double, fusion_mode::none>;
    check_alike(layer_by_layer{}.outputs(from), expected, 1e-12);
  }
}

TEST_SUITE_BEGIN("small training");  // also run under the thread sanitizer

TEST_CASE("the same bits by Winograd's products for any number of threads") {
  const pictures data = pictures_for<net>(35);
  std::vector<float> expected;
  for (const int threads : {1, 2, 3, 8}) {
    const tbb::global_control limit{tbb::global_control::max_allowed_parallelism,
                                    static_cast<std::size_t>(threads)};
    const auto found = tbb::task_arena(threads).execute([&] {
      trainer<net> subject{{.seed = 3}};
      subject.fit(data.view(), {.epochs = 2, .batch = 32});
      return values_of(subject);
    });
    if (expected.empty()) expected = found;
    CAPTURE(threads);
    CHECK(found == expected);
  }
}

TEST_SUITE_END();
