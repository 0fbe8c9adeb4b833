// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/kernels/activation.hpp>
#include <lamina/layers/activation.hpp>

namespace lamina::execution {

/// The function of an activation layer on vectors: `y = f(x)` and `dx = f.gradient(y, dy)`. A
/// user's own activation is its own function.
template <class Layer>
constexpr auto activation_of(Layer layer) {
  return layer;
}
constexpr auto activation_of(relu) { return kernels::relu{}; }
constexpr auto activation_of(hyperbolic_tangent) { return kernels::hyperbolic_tangent{}; }
constexpr auto activation_of(sigmoid) { return kernels::sigmoid{}; }
template <auto Slope>
constexpr auto activation_of(layers::leaky_relu<Slope>) {
  return kernels::leaky_relu{Slope};
}

}  // namespace lamina::execution
