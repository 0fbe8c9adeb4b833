// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <utility>

#include <lamina/execution/custom.hpp>
#include <lamina/execution/elementwise.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/normalisation.hpp>
#include <lamina/execution/pooled_convolution.hpp>
#include <lamina/execution/pooling.hpp>
#include <lamina/execution/product.hpp>
#include <lamina/execution/winograd.hpp>

namespace lamina::execution {

/// The step that runs operation number `Index`.
template <class Blueprint, int Index, class T, class Arch>
constexpr auto step_of() {
  using enum layer_kind;
  constexpr layer_kind kind = Blueprint::code.operations[Index].kind;
  if constexpr (kind == product && runs_by_winograd<Blueprint, Index>()) {
    return winograd_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == product && step_place<Blueprint, Index, T>::ends_in_a_pool) {
    return pooled_convolution_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == product) {
    return product_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == normalisation) {
    return normalisation_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == max_pool || kind == average_pool) {
    return pooling_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == activation) {
    return activation_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == dropout) {
    return dropout_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == softmax) {
    return softmax_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == fork) {
    return fork_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == join) {
    return join_step<Blueprint, Index, T, Arch>{};
  } else if constexpr (kind == flatten) {
    return flatten_step<Blueprint, Index, T, Arch>{};
  } else {
    return custom_step<Blueprint, Index, T, Arch>{};
  }
}

/// Runs the steps of a network over a frame. `Count` of them: a loss that is fused with the last
/// step takes that one out.
template <class Blueprint, class T, class Arch, int Count = Blueprint::code.count>
struct engine {
  using frame_type = frame<T>;

  template <int Index>
  using step = decltype(step_of<Blueprint, Index, T, Arch>());

  /// Packs weights and folds normalisations; once after the parameters changed.
  static void prepare(const frame_type& batch) {
    each([&]<int Index>() { step<Index>::prepare(batch); });
  }

  /// Step after step, each over the whole batch, its pieces spread over the cores.
  static void forward(const frame_type& batch) {
    each([&]<int Index>() { step<Index>::forward(batch); });
  }

  /// The last step first; `output_gradient` of the last step is given, `sink` is told of each
  /// finished gradient once the weights are no longer read.
  static void backward(const frame_type& batch, const gradient_sink<T>& sink) {
    each([&]<int Index>() { step<Count - 1 - Index>::backward(batch, sink); });
  }

  /// All steps of inference, the blocks of the frame together.
  static void infer(const frame_type& batch) {
    const range blocks{0, batch.blocks()};
    each([&]<int Index>() { step<Index>::forward_blocks(batch, blocks); });
  }

 private:
  template <class Visit>
  static void each(const Visit& visit) {
    [&]<int... Index>(std::integer_sequence<int, Index...>) {
      (visit.template operator()<Index>(), ...);
    }
    (std::make_integer_sequence<int, Count>{});
  }
};

}  // namespace lamina::execution
