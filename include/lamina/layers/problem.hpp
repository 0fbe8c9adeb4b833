// SPDX-License-Identifier: BSL-1.0
#pragma once

namespace lamina {

/// Where a layer stands: `input` is 0; inside a block a path, each step counted from 1.
template <int... Path>
struct at_layer {};

/// Names the layer that refuses its input.
template <class Layer>
struct layer {};

/// Names the shape that reached the layer.
template <class Shape>
struct receives {};

/// In `receives<nothing>`: no shape came before this layer.
struct nothing {};

/// Names the rule of `lamina::rule` that the layer's place or its arguments break.
template <class Rule>
struct breaks {};

/// What shape inference yields instead of a shape: one mistake, said in types.
template <class At, class Layer, class Receives, class Breaks>
struct mismatch {};

/// A layer's `output(shape)` returns this instead of a shape when it refuses its input.
template <class Rule>
struct refuses {};

/// The rules that a network keeps; their names are the sentences of the error messages.
namespace rule {

struct a_network_begins_with_input {};
struct a_network_has_one_input {};
struct input_extents_are_at_least_1 {};
struct an_input_is_a_size_or_height_width_and_channels {};
struct every_element_is_a_layer {};
struct a_layer_has_output_parameters_workspace_forward_and_backward {};
struct units_are_a_whole_number_of_at_least_1 {};
struct filters_are_a_whole_number_of_at_least_1 {};
struct dense_needs_a_flat_input__put_flatten_before_it {};
struct conv2d_needs_height_width_and_channels {};
struct conv2d_needs_a_window {};
struct pooling_needs_height_width_and_channels {};
struct the_window_is_at_least_1 {};
struct the_window_fits_in_the_image {};
struct the_stride_is_at_least_1 {};
struct this_option_is_unknown_here {};
struct an_option_is_given_once {};
struct the_rate_is_at_least_0_and_less_than_1 {};
struct the_momentum_is_at_least_0_and_less_than_1 {};
struct the_epsilon_is_greater_than_0 {};
struct the_slope_is_a_number_of_at_least_0 {};
struct softmax_comes_last {};
struct softmax_needs_a_flat_input {};
struct a_block_has_at_least_one_layer {};
struct a_block_is_repeated_at_least_once {};
struct a_residual_block_keeps_its_shape {};
struct the_activation_fits_in_memory {};

}  // namespace rule

}  // namespace lamina
