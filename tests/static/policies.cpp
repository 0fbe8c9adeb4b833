// SPDX-License-Identifier: BSL-1.0
// Augmentation policies: what they are as values, and every mistake as a type.
#include <lamina/augment/policy.hpp>

using namespace lamina;

namespace {

using asl_augmentation = augmentation<rotate<10.0>, zoom<0.1>, shift<0.1, 0.1>, flip_horizontal>;
static_assert(asl_augmentation::plan.count == 4);
static_assert(asl_augmentation::plan.resamples());
static_assert(asl_augmentation::plan.fill == fill_mode::nearest);
static_assert(asl_augmentation::plan.find(transform_kind::zoom)->second == 1.1);
static_assert(!asl_augmentation::plan.has(transform_kind::mixup));
static_assert(augmentation<>::plan.empty());
static_assert(!augmentation<brightness<0.2>, cutout<4>>::plan.resamples());
static_assert(augmentation<elastic<30, 4>>::plan.resamples());

// Numbers are normalised, and a bound alone means 1 - part to 1 + part.
static_assert(std::same_as<rotate<10>, rotate<10.0f>>);
static_assert(std::same_as<shift<.25>, shift<.25, .25>>);
static_assert(std::same_as<cutout<8u>, cutout<8>>);
static_assert(augmentation<zoom<0.8, 1.1>>::plan.find(transform_kind::zoom)->first == 0.8);
static_assert(augmentation<contrast<0.25>>::plan.find(transform_kind::contrast)->first == 0.75);

// A fill is no step.
using filled = augmentation<fill_edges<fill_mode::constant, 0.5>, shear<20>, mixup<0.2>>;
static_assert(filled::plan.count == 2);
static_assert(filled::plan.fill == fill_mode::constant && filled::plan.fill_value == 0.5);

template <class Transform, class Rule, int Place = 1>
using mistake = policy_mismatch<at_transform<Place>, transform_named<Transform>, breaks<Rule>>;

template <class Rule, class Transform>
inline constexpr bool broken_by = std::same_as<check_policy<Transform>, mistake<Transform, Rule>>;

namespace r = rule;
static_assert(broken_by<r::an_angle_is_from_0_to_180_degrees, rotate<181>>);
static_assert(broken_by<r::an_angle_is_from_0_to_180_degrees, rotate<-1>>);
static_assert(broken_by<r::a_shear_is_from_0_to_less_than_90_degrees, shear<90>>);
using zoom_rule = r::a_zoom_is_a_part_of_less_than_1_or_two_factors_above_0_in_order;
static_assert(broken_by<zoom_rule, zoom<1>>);
static_assert(broken_by<zoom_rule, zoom<>>);
static_assert(broken_by<zoom_rule, zoom<1.2, 0.8>>);
static_assert(broken_by<zoom_rule, zoom<0, 1>>);
static_assert(broken_by<zoom_rule, zoom<1, 1, 1>>);
static_assert(broken_by<r::a_shift_is_a_part_from_0_to_1_of_height_and_width, shift<0.1, 28>>);
using factor_rule = r::a_factor_is_a_part_up_to_1_or_two_factors_from_0_on_in_order;
static_assert(broken_by<factor_rule, brightness<-0.1>>);
static_assert(broken_by<factor_rule, brightness<1.4>>);
static_assert(broken_by<factor_rule, contrast<1.3, 0.7>>);
static_assert(broken_by<r::a_cutout_is_a_whole_number_of_at_least_1_pixels, cutout<0>>);
static_assert(broken_by<r::a_cutout_is_a_whole_number_of_at_least_1_pixels, cutout<2.5>>);
using elastic_rule = r::an_elastic_has_a_strength_from_0_on_and_a_width_from_0_5_to_16_pixels;
static_assert(broken_by<elastic_rule, elastic<34, 0>>);
static_assert(broken_by<elastic_rule, elastic<-1, 4>>);
static_assert(broken_by<r::mixup_needs_a_number_greater_than_0, mixup<0>>);
using fill_rule = r::a_fill_is_nearest_reflect_wrap_or_constant_with_a_value_from_0_to_1;
static_assert(broken_by<fill_rule, fill_edges<fill_mode::constant, 255>>);
static_assert(broken_by<fill_rule, fill_edges<fill_mode::nearest, 0.5>>);
static_assert(broken_by<r::every_element_is_a_transform, int>);

// The first mistake is the one that is told, at its place.
static_assert(std::same_as<check_policy<zoom<0.1>, rotate<200>, shift<7>>,
                           mistake<rotate<200>, r::an_angle_is_from_0_to_180_degrees, 2>>);
static_assert(std::same_as<check_policy<rotate<10>, zoom<0.1>, rotate<20>>,
                           mistake<rotate<20>, r::a_transform_is_given_once, 3>>);

template <class... Transforms>
concept possible = requires {
  typename augmentation<Transforms...>;
};
static_assert(possible<rotate<10>, flip_horizontal>);
static_assert(!possible<rotate<10>, zoom<-1>>);

}  // namespace
