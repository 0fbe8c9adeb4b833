// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace lamina {

/// What a layer is to the fusion rules.
enum class layer_kind {
  product,        // dense, conv2d: a sum over inputs for each output
  activation,     // one value in, one value out, its derivative known from its output
  dropout,        // the identity outside training
  normalisation,  // batch_norm
  max_pool,
  average_pool,
  flatten,  // moves nothing
  softmax,
  fork,   // a residual block begins
  join,   // a residual block ends
  custom  // a user's own
};

/// How a parameter's values begin.
enum class initial { weights, zeros, ones };

/// One tensor of parameters of a layer.
struct parameter {
  std::string_view name;
  std::array<int, 4> extents{1, 1, 1, 1};
  int rank = 1;
  initial begins = initial::zeros;
  bool trained = true;
  int fan_in = 1;
  int fan_out = 1;

  constexpr std::size_t size() const {
    std::size_t product = 1;
    for (int axis = 0; axis < rank; ++axis) {
      product *= static_cast<std::size_t>(extents[static_cast<std::size_t>(axis)]);
    }
    return product;
  }
};

/// The parameters of a layer that has none.
inline constexpr std::array<parameter, 0> no_parameters{};

/// What a user's own layer sees of a block of 16 images in `forward`: values lie feature by
/// feature, 16 images side by side, so that elementwise layers are one loop over `input.size()`
/// values.
template <class T>
struct forward_pass {
  std::span<const T> input;
  std::span<T> output;
  std::span<T> workspace;  // kept until `backward` of the same block
  std::span<const std::span<const T>> parameters;
  bool training;
};

/// The same in `backward`: `input_gradient` is written, `parameter_gradients` are added to; images
/// beyond the batch have an `output_gradient` of zero.
template <class T>
struct backward_pass {
  std::span<const T> input;
  std::span<const T> output;
  std::span<const T> output_gradient;
  std::span<T> input_gradient;
  std::span<T> workspace;
  std::span<const std::span<const T>> parameters;
  std::span<const std::span<T>> parameter_gradients;
};

}  // namespace lamina
