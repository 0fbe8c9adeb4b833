// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <span>
#include <utility>

#include <lamina/execution/frame.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/layers/kind.hpp>

namespace lamina::execution {

/// A user's own layer: its `forward` and `backward` see one block at a time. The blocks of a
/// backward pass run one after another where the layer has parameters, so that their gradients are
/// summed in one order.
template <class Blueprint, int Index, class T, class Arch>
struct custom_step : step_place<Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  using own = typename place::template layer<0>;
  using in_shape = typename place::template located<0>::in;

  static constexpr auto tensors = own::parameters(in_shape{});
  static constexpr std::size_t tensor_count = tensors.size();
  static constexpr std::size_t in_values = std::size_t{lanes} * place::in.size();
  static constexpr std::size_t out_values = std::size_t{lanes} * place::out.size();
  static constexpr std::size_t workspace_values =
      static_cast<std::size_t>(lanes) * own::workspace(in_shape{});

  static void prepare(const frame<T>&) {}

  template <class Value>
  static std::array<std::span<Value>, tensor_count> views(Value* parameters) {
    return [&]<std::size_t... Tensor>(std::index_sequence<Tensor...>) {
      return std::array<std::span<Value>, tensor_count>{
          std::span<Value>{parameters + place::template parameter_offset<0, int{Tensor}>,
                           tensors[Tensor].size()}...};
    }
    (std::make_index_sequence<tensor_count>{});
  }

  static void forward_block(const frame<T>& batch, int block) {
    const auto parameters = views<const T>(batch.parameters);
    own::forward(forward_pass<T>{{place::input(batch).block(block), in_values},
                                 {place::output(batch).block(block), out_values},
                                 {place::workspace(batch).block(block), workspace_values},
                                 parameters,
                                 batch.training});
  }

  static void backward_block(const frame<T>& batch, int block) {
    const auto parameters = views<const T>(batch.parameters);
    const auto gradients = views<T>(batch.gradients);
    own::backward(backward_pass<T>{
        {place::input(batch).block(block), in_values},
        {place::output(batch).block(block), out_values},
        {place::output_gradient(batch).block(block), out_values},
        {place::input_gradient(batch).block(block), place::wants_input_gradient ? in_values : 0},
        {place::workspace(batch).block(block), workspace_values},
        parameters,
        gradients});
  }

  static void forward_blocks(const frame<T>& batch, range blocks) {
    for (int block = blocks.first; block < blocks.last; ++block) forward_block(batch, block);
  }

  static void forward(const frame<T>& batch) {
    run_pieces(batch.blocks(), [&](int block) { forward_block(batch, block); });
  }

  static void backward(const frame<T>& batch, const gradient_sink<T>& sink) {
    if constexpr (tensor_count == 0) {
      run_pieces(batch.blocks(), [&](int block) { backward_block(batch, block); });
    } else {
      for (const std::span<T> gradient : views<T>(batch.gradients)) {
        for (T& value : gradient) value = T{0};
      }
      for (int block = 0; block < batch.blocks(); ++block) backward_block(batch, block);
      for (const std::span<T> gradient : views<T>(batch.gradients)) {
        sink(gradient.data() - batch.gradients, static_cast<std::ptrdiff_t>(gradient.size()),
             gradient.data());
      }
    }
  }
};

}  // namespace lamina::execution
