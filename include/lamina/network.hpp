// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include <lamina/fusion/steps.hpp>
#include <lamina/layers/activation.hpp>
#include <lamina/layers/batch_norm.hpp>
#include <lamina/layers/blocks.hpp>
#include <lamina/layers/conv2d.hpp>
#include <lamina/layers/dense.hpp>
#include <lamina/layers/dropout.hpp>
#include <lamina/layers/infer.hpp>
#include <lamina/layers/pool.hpp>
#include <lamina/plan/blueprint.hpp>
#include <lamina/plan/parameters.hpp>
#include <lamina/plan/program.hpp>
#include <lamina/shape.hpp>

namespace lamina {

/// A neural network as a type: `input<…>` and its layers in their order. All that the compiler
/// knows of it is a constant:
///
///     using mnist_mlp = network<input<28, 28, 1>, flatten, dense<512>, relu, dense<512>, relu,
///                               dense<10>, softmax>;
///     static_assert(mnist_mlp::parameter_count == 669'706);
///
/// A layer that refuses what reaches it is one error that names the layer, its place, the shape and
/// the rule: `mismatch<at_layer<2>, layer<…>, receives<…>, breaks<…>>`.
template <class... Layers>
requires a_shape_every_layer_accepts<infer<Layers...>>
struct network {
  using inferred = infer<Layers...>;

  /// Blocks replaced by their layers, each with its place and its shapes.
  using located_layers = typename inferred::layers;

  using input_shape = typename detail::first_shape<Layers...>::type;
  using output_shape = typename inferred::shape;

  /// The shape that leaves each layer, `input` first; blocks are replaced by their layers.
  using shapes = typename detail::shapes_of<input_shape, located_layers>::type;

  /// Parameters, the moving statistics of normalisations included.
  static constexpr std::int64_t parameter_count = detail::count_parameters(located_layers{}, false);

  /// Parameters that training changes by their gradients.
  static constexpr std::int64_t trained_parameter_count =
      detail::count_parameters(located_layers{}, true);

  /// Multiplications that are added to a sum, for one image; taps on padding counted.
  static constexpr std::int64_t multiply_adds = detail::count_multiply_adds(located_layers{});

  /// Floating-point operations of one image: two for each multiply-add.
  static constexpr std::int64_t flops_forward = 2 * multiply_adds;

  /// Pixels of the input, `(height, width)`, that one value of the last image-shaped activation
  /// sees.
  static constexpr field receptive_field = detail::receptive_field_of(located_layers{});

  /// Bytes of the parameters in `float`.
  static constexpr std::int64_t weight_bytes = 4 * parameter_count;

  /// The steps of a prediction and those of a training step: values to print and to compare.
  static constexpr auto inference_steps =
      typename detail::blueprint<located_layers, fusion_mode::inference>::step_list{};
  static constexpr auto training_steps =
      typename detail::blueprint<located_layers, fusion_mode::training>::step_list{};
};

/// Whether `Net` is a `network<…>`.
template <class Net>
inline constexpr bool is_network = false;

template <class... Layers>
inline constexpr bool is_network<network<Layers...>> = true;

template <class Net>
concept a_network = is_network<Net>;

/// Bytes of activations that predicting `Batch` images takes, in blocks of 16, in `float`.
template <a_network Net, int Batch>
inline constexpr std::int64_t activation_bytes =
    detail::blueprint<typename Net::located_layers, fusion_mode::inference>::block_bytes*(
        (Batch + 15) / 16);

/// Bytes of a trainer's arena for batches of `Batch` images, in `float`: parameters, their
/// gradients, the optimizer's states, activations with their gradients, packed weights and
/// statistics.
template <a_network Net, int Batch, class Optimizer>
inline constexpr std::int64_t training_bytes =
    detail::blueprint<typename Net::located_layers, fusion_mode::training>::block_bytes*(
        (Batch + 15) / 16) +
    detail::blueprint<typename Net::located_layers, fusion_mode::training>::fixed_bytes +
    4 * (2 + Optimizer::states) *
        static_cast<std::int64_t>(
            detail::parameter_extent(detail::slots_of<typename Net::located_layers>));

}  // namespace lamina
