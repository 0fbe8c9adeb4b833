// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/layers/problem.hpp>

namespace lamina {

/// The place of a transform in its policy, from 1.
template <int Place>
struct at_transform {};

/// Names the transform that is refused.
template <class Transform>
struct transform_named {};

/// What a policy with a mistake becomes instead of a plan: the first one, said in types.
template <class At, class Transform, class Breaks>
struct policy_mismatch {};

namespace rule {

struct every_element_is_a_transform {};
struct a_transform_is_given_once {};
struct an_angle_is_from_0_to_180_degrees {};
struct a_shear_is_from_0_to_less_than_90_degrees {};
struct a_zoom_is_a_part_of_less_than_1_or_two_factors_above_0_in_order {};
struct a_shift_is_a_part_from_0_to_1_of_height_and_width {};
struct a_factor_is_a_part_up_to_1_or_two_factors_from_0_on_in_order {};
struct a_cutout_is_a_whole_number_of_at_least_1_pixels {};
struct an_elastic_has_a_strength_from_0_on_and_a_width_from_0_5_to_16_pixels {};
struct mixup_needs_a_number_greater_than_0 {};
struct a_preprocessing_begins_with_grey {};
struct a_preprocessing_has_one_of_resize_to_and_centre_ink {};
struct pictures_are_changed_before_their_values {};
struct extents_are_whole_numbers_of_at_least_1 {};
struct a_box_of_ink_is_at_least_1_pixel_and_fits_in_the_picture {};
struct the_bounds_of_a_scale_are_numbers_in_order {};
struct a_deviation_is_greater_than_0 {};
struct a_fill_is_nearest_reflect_wrap_or_constant_with_a_value_from_0_to_1 {};

}  // namespace rule

}  // namespace lamina
