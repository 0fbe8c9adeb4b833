// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/check_gradients.hpp>

#include <doctest/doctest.h>
#include <cmath>

#include "own_layer.hpp"
#include "sanitized.hpp"

using namespace lamina;

namespace {

/// So many derivatives of a tensor, but few where each access is checked.
std::size_t some(std::size_t of_a_tensor) { return test::sanitized ? 2 : of_a_tensor; }

template <class Net, class Loss = cross_entropy>
void holds(const Loss& loss = {}) {
  for (const int batch : {1, 3, 16, 17}) {
    if (test::sanitized && batch != 17) continue;
    for (std::uint64_t seed = 1; seed <= 2; ++seed) {
      const auto found = check_gradients<Net, Loss>(
          {.batch = batch, .seed = seed, .most_of_a_tensor = some(24)}, loss);
      CAPTURE(batch);
      CAPTURE(found.tensor);
      CHECK(found.compared > 0);
      CHECK(found.largest_error < 1e-6);
    }
  }
}

}  // namespace

TEST_CASE("gradients of dense layers and smooth activations") {
  holds<network<input<3, 5, 2>, flatten, dense<7>, hyperbolic_tangent, dense<19>, sigmoid, dense<5>,
                softmax>>();
}

TEST_CASE("gradients of a dense layer wide enough that its input's are summed in halves") {
  using net =
      network<input<6>, dense<256>, hyperbolic_tangent, dense<257>, sigmoid, dense<3>, softmax>;
  for (const int batch : {3, 17}) {
    const auto found = check_gradients<net>({.batch = batch, .most_of_a_tensor = some(6)});
    CAPTURE(found.tensor);
    CHECK(found.compared > 0);
    CHECK(found.largest_error < 1e-6);
  }
}

TEST_CASE("gradients of dense layers most of whose values are dropped, and left out of the sums") {
  using net = network<input<70>, dense<96>, hyperbolic_tangent, dropout<0.7>, dense<80>, sigmoid,
                      dropout<0.7>, dense<67>, hyperbolic_tangent, dense<3>, softmax>;
  const auto found = check_gradients<net>({.batch = 50, .most_of_a_tensor = some(8)});
  CAPTURE(found.tensor);
  CHECK(found.compared > 0);
  CHECK(found.largest_error < 1e-6);
}

TEST_CASE("gradients with label smoothing") {
  holds<network<input<9>, dense<13>, hyperbolic_tangent, dense<6>, softmax>>(
      cross_entropy{.label_smoothing = 0.1});
}

TEST_CASE("gradients of convolutions, normalisation and average pools") {
  holds<network<input<7, 6, 2>, conv2d<5, window<3, 3>, same>, hyperbolic_tangent, batch_norm<>,
                average_pool<2, same>, conv2d<4, window<2, 3>, stride<2, 1>>, sigmoid, flatten,
                dense<3>, softmax>>();
}

TEST_CASE("gradients of residual blocks, dropout and a global pool") {
  holds<network<input<5, 5, 3>, conv2d<4, window<1>>,
                residual<conv2d<4, window<3>, same>, hyperbolic_tangent,
                         residual<batch_norm<>, hyperbolic_tangent>, dropout<0.25>>,
                global_average_pool, dense<4>, softmax>>();
}

TEST_CASE("gradients by the mean squared error, softmax not fused") {
  holds<network<input<6>, dense<5>, hyperbolic_tangent, dense<4>, softmax>>(mean_squared_error{});
  holds<network<input<6>, dense<5>, leaky_relu<0.5>, dense<4>>>(mean_squared_error{});
}

TEST_CASE("gradients of layers of a user's own") {
  holds<network<input<4, 3, 2>, affine, flatten, dense<6>, softsign, affine, dense<3>, softmax>>();
}

TEST_CASE("gradients of relu, max pools and fused normalisation away from kinks") {
  using net = network<input<6, 6, 1>, conv2d<3, window<3>, same>, relu, batch_norm<>,
                      max_pool<2, same>, conv2d<4, window<3>>, leaky_relu<>, dropout<0.2>, flatten,
                      dense<3>, relu, dense<3>, softmax>;
  int good = 0;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    const auto found = check_gradients<net>(
        {.batch = 3, .seed = seed, .step = 1e-5, .most_of_a_tensor = some(24)});
    if (found.largest_error < 1e-6) ++good;
  }
  CHECK(good >= 6);  // a draw that lies at a kink spoils its own seed alone
}
