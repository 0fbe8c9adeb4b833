// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <utility>

#include <lamina/augment/check.hpp>
#include <lamina/augment/transforms.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/preprocess/plan.hpp>

namespace lamina {

/// The steps of a preprocessing.
namespace preprocesses {

template <auto Height, auto Width>
struct resize_to {
  using rule = lamina::rule::extents_are_whole_numbers_of_at_least_1;
  static constexpr bool valid = detail::is_positive<Height> && detail::is_positive<Width>;
  static constexpr preprocess_step step() {
    return {preprocess_kind::resize_to, static_cast<double>(Height), static_cast<double>(Width)};
  }
};

template <auto Box, auto Side>
struct centre_ink {
  using rule = lamina::rule::a_box_of_ink_is_at_least_1_pixel_and_fits_in_the_picture;
  static constexpr bool valid = [] {
    if constexpr (detail::is_positive<Box> && detail::is_positive<Side>)
      return Box <= Side;
    else
      return false;
  }();
  static constexpr preprocess_step step() {
    return {preprocess_kind::centre_ink, static_cast<double>(Box), static_cast<double>(Side)};
  }
};

template <auto Low, auto High>
struct scale_to {
  using rule = lamina::rule::the_bounds_of_a_scale_are_numbers_in_order;
  static constexpr bool valid = detail::are_numbers<Low, High> && Low < High;
  static constexpr preprocess_step step() { return {preprocess_kind::scale_to, Low, High}; }
};

template <auto Mean, auto Deviation>
struct standardise {
  using rule = lamina::rule::a_deviation_is_greater_than_0;
  static constexpr bool valid = detail::are_numbers<Mean, Deviation> && Deviation > 0;
  static constexpr preprocess_step step() {
    return {preprocess_kind::standardise, Mean, Deviation};
  }
};

}  // namespace preprocesses

/// Colours become grey (0.299 R + 0.587 G + 0.114 B, ITU-R BT.601), what is transparent lies on
/// white.
struct grey {
  using rule = lamina::rule::every_element_is_a_transform;
  static constexpr bool valid = true;
  static constexpr preprocess_step step() { return {preprocess_kind::grey}; }
};

/// The largest square in the middle of the picture.
struct crop_to_square {
  using rule = lamina::rule::every_element_is_a_transform;
  static constexpr bool valid = true;
  static constexpr preprocess_step step() { return {preprocess_kind::crop_to_square}; }
};

/// A pixel of the result is the mean of the area that it covers.
template <auto Height, auto Width = Height>
using resize_to = preprocesses::resize_to<detail::whole<Height>(), detail::whole<Width>()>;

/// Ink, dark on light or light on dark, anywhere in the picture, becomes light on black in a box of
/// `Box` pixels that keeps its proportions, its centre of mass in the middle of `Side` by `Side`
/// pixels: as the makers of MNIST did (LeCun, Cortes, Burges: 20 in 28).
template <auto Box, auto Side>
using centre_ink = preprocesses::centre_ink<detail::whole<Box>(), detail::whole<Side>()>;

/// Black becomes `Low`, white `High`; 0 and 1 where nothing is said.
template <auto Low, auto High>
using scale_to = preprocesses::scale_to<detail::real<Low>(), detail::real<High>()>;

/// x becomes (x - Mean) / Deviation, after scaling.
template <auto Mean, auto Deviation>
using standardise = preprocesses::standardise<detail::real<Mean>(), detail::real<Deviation>()>;

namespace detail {

template <class... Steps>
constexpr preprocess_plan preprocess_plan_of() {
  preprocess_plan plan;
  for (const preprocess_step& step : {Steps::step()...}) plan.steps[plan.count++] = step;
  return plan;
}

/// The place of the first step that breaks the order, from 1; 0 where none does.
template <class... Steps>
constexpr int out_of_order() {
  bool values = false;
  int place = 0;
  for (const preprocess_step& step : {Steps::step()...}) {
    ++place;
    if (is_of_pictures(step.kind) && values) return place;
    values |= !is_of_pictures(step.kind);
  }
  return 0;
}

template <class... Steps>
constexpr int sizes_made() {
  return (0 + ... + (makes_the_size(Steps::step().kind) ? 1 : 0));
}

template <class Found, class... Steps>
struct whole_check {
  using type = Found;
};

template <class... Steps>
struct whole_check<no_policy_mismatch, Steps...> {
  static constexpr auto find() {
    if constexpr (sizeof...(Steps) == 0) {
      return mismatch_at<1, breaks<rule::a_preprocessing_begins_with_grey>, nothing>{};
    } else if constexpr (!std::same_as<typename first_mismatch<Steps...>::type, grey>) {
      return mismatch_at<1, breaks<rule::a_preprocessing_begins_with_grey>,
                         typename first_mismatch<Steps...>::type>{};
    } else if constexpr (sizes_made<Steps...>() != 1) {
      return mismatch_at<static_cast<int>(sizeof...(Steps)),
                         breaks<rule::a_preprocessing_has_one_of_resize_to_and_centre_ink>,
                         nothing>{};
    } else if constexpr (out_of_order<Steps...>() != 0) {
      return mismatch_at<out_of_order<Steps...>(),
                         breaks<rule::pictures_are_changed_before_their_values>, nothing>{};
    } else {
      return mismatch_at<0, no_policy_mismatch, nothing>{};
    }
  }
  using type = typename decltype(find())::type;
};

}  // namespace detail

/// What the first mistake of a preprocessing is, as a `policy_mismatch<…>`.
template <class... Steps>
using check_preprocessing = typename detail::whole_check<
    typename detail::policy_check<preprocess_step, std::index_sequence_for<Steps...>,
                                  Steps...>::type,
    Steps...>::type;

/// How a picture from anywhere becomes an input of the network, as a type:
///
///     using asl_preprocessing = preprocessing<grey, crop_to_square, resize_to<28, 28>>;
///
/// It begins with `grey`; `crop_to_square` may follow, then one of `resize_to` and `centre_ink`;
/// `scale_to` and `standardise` change the values that the network reads, after augmentation.
template <class... Steps>
requires a_policy_without_mistakes<check_preprocessing<Steps...>>
struct preprocessing {
  static constexpr preprocess_plan plan = detail::preprocess_plan_of<Steps...>();

  constexpr operator const preprocess_plan&() const { return plan; }
};

}  // namespace lamina
