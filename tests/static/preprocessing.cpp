// SPDX-License-Identifier: BSL-1.0
// Preprocessing policies and models of them, and every mistake as a type.
#include <lamina/image_model.hpp>

using namespace lamina;

namespace {

using photographs = preprocessing<grey, crop_to_square, resize_to<28, 20>>;
static_assert(photographs::plan.height() == 28 && photographs::plan.width() == 20);
static_assert(photographs::plan.factor() == 1 && photographs::plan.offset() == 0);

using digits = preprocessing<grey, centre_ink<20, 28>, scale_to<-1, 1>, standardise<0.5, 2>>;
static_assert(digits::plan.height() == 28 && digits::plan.width() == 28);
static_assert(digits::plan.factor() == 1 && digits::plan.offset() == -0.75);
static_assert(digits::plan != photographs::plan);

template <class Rule, int Place, class Step>
inline constexpr bool names =
    std::same_as<Step,
                 policy_mismatch<at_transform<Place>, transform_named<nothing>, breaks<Rule>>>;

namespace r = rule;
static_assert(names<r::a_preprocessing_begins_with_grey, 1, check_preprocessing<>>);
static_assert(std::same_as<check_preprocessing<resize_to<28>>,
                           policy_mismatch<at_transform<1>, transform_named<resize_to<28>>,
                                           breaks<r::a_preprocessing_begins_with_grey>>>);
static_assert(names<r::a_preprocessing_has_one_of_resize_to_and_centre_ink, 2,
                    check_preprocessing<grey, crop_to_square>>);
static_assert(names<r::a_preprocessing_has_one_of_resize_to_and_centre_ink, 3,
                    check_preprocessing<grey, resize_to<28>, centre_ink<20, 28>>>);
static_assert(names<r::pictures_are_changed_before_their_values, 3,
                    check_preprocessing<grey, standardise<0, 1>, resize_to<28>>>);

template <class Rule, class Step>
inline constexpr bool refused =
    std::same_as<check_preprocessing<grey, Step>,
                 policy_mismatch<at_transform<2>, transform_named<Step>, breaks<Rule>>>;
static_assert(refused<r::extents_are_whole_numbers_of_at_least_1, resize_to<0>>);
static_assert(refused<r::extents_are_whole_numbers_of_at_least_1, resize_to<28, 2.5>>);
using box_rule = r::a_box_of_ink_is_at_least_1_pixel_and_fits_in_the_picture;
static_assert(refused<box_rule, centre_ink<28, 20>>);
static_assert(refused<r::the_bounds_of_a_scale_are_numbers_in_order, scale_to<1, 0>>);
static_assert(refused<r::a_deviation_is_greater_than_0, standardise<0.5, 0>>);
static_assert(refused<r::a_transform_is_given_once, grey>);
static_assert(refused<r::every_element_is_a_transform, flip_horizontal>);

using net = network<input<28, 20, 1>, flatten, dense<3>, softmax>;
using named = labels<"one", "two", "three">;
static_assert(named::count == 3 && named::names[2] == "three");
static_assert(letters<"abd">::names[2] == "d");

template <class... Parts>
concept possible = requires {
  typename image_model<Parts...>;
};
static_assert(possible<net, named, photographs>);
static_assert(possible<net, letters<"abd">, photographs, augmentation<flip_horizontal>>);
static_assert(!possible<net, letters<"ab">, photographs>);
static_assert(!possible<net, named, digits>);
static_assert(!possible<int, named, photographs>);

}  // namespace
