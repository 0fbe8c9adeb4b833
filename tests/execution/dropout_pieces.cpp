// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/check_gradients.hpp>

#include <cmath>

#include <doctest/doctest.h>

using namespace lamina;

/// Layers so large that their dropout runs in several pieces: 2 of the convolution, 6 of the
/// product.
template <class Activation>
using net = network<input<7, 7, 3>, conv2d<64, window<3>, same>, Activation, dropout<0.25>, flatten,
                    dense<64>, Activation, dropout<0.5>, dense<3>, softmax>;

TEST_CASE("dropout drops the same values, fused in pieces or a layer of its own") {
  std::vector<float> values;
  counter_generator draw{5, 1};
  for (int i = 0; i < 19 * 147; ++i) values.push_back(static_cast<float>(uniform(draw)));
  const std::vector<std::uint8_t> labels(19, 1);
  const auto images = examples::of(values, 147, std::span{labels});

  trainer<net<relu>, sgd, cross_entropy, double> fused{{.seed = 4}};
  trainer<net<relu>, sgd, cross_entropy, double, fusion_mode::none> unfused{{.seed = 4}};
  const double loss = unfused.compute_gradients(images);
  CHECK(fused.compute_gradients(images) == doctest::Approx(loss).epsilon(1e-12));
  const auto found = fused.gradients(), expected = unfused.gradients();
  for (std::size_t t = 0; t < found.size(); ++t) {
    double apart = 0, size = 0;
    for (std::size_t i = 0; i < found[t].values.size(); ++i) {
      apart = std::hypot(apart, found[t].values[i] - expected[t].values[i]);
      size = std::hypot(size, expected[t].values[i]);
    }
    INFO(found[t].name);
    CHECK(size > 0);
    CHECK(apart <= 1e-12 * size);
  }
}

TEST_CASE("gradients through dropout in pieces") {
  const auto found = check_gradients<net<leaky_relu<1.0>>>({.most_of_a_tensor = 5});
  INFO(found.tensor);
  CHECK(found.largest_error < 1e-6);
}
