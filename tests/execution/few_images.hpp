// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/execution/few_images.hpp>
//
#include <doctest/doctest.h>

#include <limits>
#include <vector>

#include "drawn_predictor.hpp"

namespace lamina::test {

/// What a prediction for a few images has to do otherwise than one for whole blocks: windows of odd
/// and even sizes, strides, paddings, pools that join their convolution and pools that do not.
using odd = network<input<9, 11, 2>, conv2d<7, window<5>, same>, leaky_relu<0.1>, max_pool<2>,
                    conv2d<6, window<2, 3>, stride<2>>, batch_norm<>, sigmoid, flatten, dense<5>>;
using even =
    network<input<12, 8, 1>, conv2d<11, window<3>, same>, relu, batch_norm<>, max_pool<2, same>,
            conv2d<3, window<4>, same>, max_pool<3, stride<2>, same>, average_pool<2, same>,
            global_average_pool, dense<9>, batch_norm<>, dense<4>, hyperbolic_tangent, softmax>;
using nested = network<input<6, 5, 3>,
                       residual<conv2d<3, window<3>, same>, relu,
                                residual<conv2d<3, window<1>>, batch_norm<>>, dropout<0.5>>,
                       conv2d<4, window<6, 5>>, relu, flatten, residual<dense<4>, relu, dense<4>>,
                       dense<33>, relu, batch_norm<>>;
/// Its first weights are many enough to be read by several threads, in pieces that do not come out
/// even.
using wide = network<input<611>, dense<435>, relu, dense<7>>;
using image = network<input<7, 7, 1>, conv2d<2, window<3>, stride<2>, same>, relu>;

template <class Net, class T>
struct subject {
  using predicts = drawn_predictor<Net, T>;
  static_assert(execution::few_images<typename predicts::predictor::blueprint, T,
                                      kernels::native>::knows_all_layers);

  /// Of three images, this one has mostly zeros.
  static constexpr std::size_t with_zeros = 1;

  subject() {
    for (std::size_t i = 0; i < values.size(); ++i) {
      const bool is_zero = i / Net::input_shape::size % 3 == with_zeros && i % 3 != 0;
      values[i] = is_zero ? 0.0f : static_cast<float>(uniform(drawn.draw));
    }
  }

  std::vector<T> outputs(std::size_t count) {
    return drawn.outputs(examples::of(std::span{values}, Net::input_shape::size).subset(0, count));
  }

  predicts drawn;
  std::vector<float> values = std::vector<float>(16 * Net::input_shape::size);
};

template <class Net, class T>
void check_against_a_block() {
  subject<Net, T> one;
  const auto expected = one.outputs(16);
  const double tolerance = 1000 * static_cast<double>(std::numeric_limits<T>::epsilon());
  for (const std::size_t count : {1u, 2u, 12u, 5u, 13u}) {
    const auto found = one.outputs(count);
    int wrong = 0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      wrong += static_cast<double>(found[i]) !=
               doctest::Approx(static_cast<double>(expected[i])).epsilon(tolerance);
    }
    CHECK(wrong == 0);
  }
}

/// A few images are predicted as a block of them is.
template <class T>
void check_all_against_a_block() {
  check_against_a_block<odd, T>();
  check_against_a_block<even, T>();
  check_against_a_block<nested, T>();
  check_against_a_block<image, T>();
  check_against_a_block<wide, T>();
}

}  // namespace lamina::test
