// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>

#include <lamina/execution/frame.hpp>
#include <lamina/kernels/activation.hpp>
#include <lamina/layers/activation.hpp>
#include <lamina/layers/dropout.hpp>

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

/// The activation that follows the product of a step at once, or the identity.
template <class Place>
constexpr auto activation_behind() {
  if constexpr (Place::template is<1>(layer_kind::activation)) {
    return activation_of(typename Place::template layer<1>{});
  } else {
    return kernels::identity{};
  }
}

/// Stands for a function that cannot be told from the output of a step.
struct unknown_function {};

/// What training did to a product in its step, as a function of the step's output: `f.gradient(y,
/// dy)` is the gradient at the product.
template <class Product>
constexpr auto function_by_output(fused<Product>) {
  return kernels::identity{};
}
template <class Product, class Second>
constexpr auto function_by_output(fused<Product, Second>) {
  if constexpr (detail::kind_of<Second>() == layer_kind::activation) {
    return activation_of(Second{});
  } else {
    return unknown_function{};
  }
}
template <class Product, auto Rate>
constexpr auto function_by_output(fused<Product, relu, layers::dropout<Rate>>) {
  return kernels::dropped_relu{1 / (1 - static_cast<double>(Rate))};
}
template <class Product, class... Members>
constexpr auto function_by_output(fused<Product, Members...>) {
  return unknown_function{};
}

/// Whether the step of a product leaves that gradient to the step behind it: to a normalisation,
/// which reads both values anyway, or to a dense layer, which ends its own product with it.
template <class Blueprint, int Index, class T>
constexpr bool is_left_to_the_next() {
  if constexpr (Index < 0 || Index + 1 >= Blueprint::code.count) {
    return false;
  } else {
    using next = step_place<Blueprint, Index + 1, T>;
    constexpr layer_kind kind = next::operation.kind;
    return Blueprint::code.operations[Index].kind == layer_kind::product &&
           (kind == layer_kind::normalisation ||
            (kind == layer_kind::product && next::template located<0>::in::rank == 1)) &&
           !std::is_same_v<decltype(function_by_output(
                               typename step_place<Blueprint, Index, T>::layers{})),
                           unknown_function>;
  }
}

/// The activation in front of a step, if its gradient was left to it.
template <class Blueprint, int Index, class T>
constexpr auto left_by_the_one_before() {
  if constexpr (is_left_to_the_next<Blueprint, Index - 1, T>()) {
    return function_by_output(typename step_place<Blueprint, Index - 1, T>::layers{});
  } else {
    return kernels::identity{};
  }
}

}  // namespace lamina::execution
