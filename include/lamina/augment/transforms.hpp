// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <type_traits>

#include <lamina/augment/plan.hpp>
#include <lamina/augment/problem.hpp>
#include <lamina/layers/options.hpp>

namespace lamina {

namespace detail {

/// Whether all of these template arguments are finite numbers.
template <auto... Numbers>
inline constexpr bool are_numbers = (... && [] {
  if constexpr (std::same_as<std::remove_cv_t<decltype(Numbers)>, double>) {
    return Numbers - Numbers == 0;
  } else {
    return false;
  }
}());

/// A factor drawn from 1 - part to 1 + part, or from one bound to another.
struct factor_range {
  double low = 1, high = 1;
  bool valid = false;

  template <auto... Amounts>
  static constexpr factor_range of(double most_part) {
    if constexpr (!are_numbers<Amounts...>) {
      return {};
    } else if constexpr (sizeof...(Amounts) == 1) {
      const double part = (Amounts, ...);
      return {1 - part, 1 + part, part >= 0 && part <= most_part};
    } else if constexpr (sizeof...(Amounts) == 2) {
      const double bounds[] = {Amounts...};
      return {bounds[0], bounds[1], bounds[0] >= 0 && bounds[0] <= bounds[1]};
    } else {
      return {};
    }
  }
};

}  // namespace detail

/// The transforms of a policy. Each has its kind, its step of a plan and the rule that its amounts
/// keep; `valid` says whether they do.
namespace transforms {

template <auto Degrees>
struct rotate {
  using rule = lamina::rule::an_angle_is_from_0_to_180_degrees;
  static constexpr bool valid = detail::are_numbers<Degrees> && Degrees >= 0 && Degrees <= 180;
  static constexpr augment_step step() { return {transform_kind::rotate, Degrees}; }
};

template <auto... Amounts>
struct zoom {
  using rule = lamina::rule::a_zoom_is_a_part_of_less_than_1_or_two_factors_above_0_in_order;
  static constexpr auto range = detail::factor_range::of<Amounts...>(1);
  static constexpr bool valid = range.valid && range.low > 0;
  static constexpr augment_step step() { return {transform_kind::zoom, range.low, range.high}; }
};

template <auto Height, auto Width>
struct shift {
  using rule = lamina::rule::a_shift_is_a_part_from_0_to_1_of_height_and_width;
  static constexpr bool valid =
      detail::are_numbers<Height, Width> && Height >= 0 && Height <= 1 && Width >= 0 && Width <= 1;
  static constexpr augment_step step() { return {transform_kind::shift, Height, Width}; }
};

template <auto Degrees>
struct shear {
  using rule = lamina::rule::a_shear_is_from_0_to_less_than_90_degrees;
  static constexpr bool valid = detail::are_numbers<Degrees> && Degrees >= 0 && Degrees < 90;
  static constexpr augment_step step() { return {transform_kind::shear, Degrees}; }
};

template <transform_kind Kind, auto... Amounts>
struct factor {
  using rule = lamina::rule::a_factor_is_a_part_up_to_1_or_two_factors_from_0_on_in_order;
  static constexpr auto range = detail::factor_range::of<Amounts...>(1);
  static constexpr bool valid = range.valid;
  static constexpr augment_step step() { return {Kind, range.low, range.high}; }
};

template <auto... Amounts>
struct brightness : factor<transform_kind::brightness, Amounts...> {};

template <auto... Amounts>
struct contrast : factor<transform_kind::contrast, Amounts...> {};

template <auto Side>
struct cutout {
  using rule = lamina::rule::a_cutout_is_a_whole_number_of_at_least_1_pixels;
  static constexpr bool valid = detail::is_positive<Side>;
  static constexpr augment_step step() {
    return {transform_kind::cutout, static_cast<double>(Side)};
  }
};

template <auto Strength, auto Width>
struct elastic {
  using rule = lamina::rule::an_elastic_has_a_strength_from_0_on_and_a_width_from_0_5_to_16_pixels;
  static constexpr bool valid =
      detail::are_numbers<Strength, Width> && Strength >= 0 && Width >= 0.5 && Width <= 16;
  static constexpr augment_step step() { return {transform_kind::elastic, Strength, Width}; }
};

template <auto Shape>
struct mixup {
  using rule = lamina::rule::mixup_needs_a_number_greater_than_0;
  static constexpr bool valid = detail::are_numbers<Shape> && Shape > 0;
  static constexpr augment_step step() { return {transform_kind::mixup, Shape}; }
};

template <fill_mode Mode, auto Value>
struct fill_edges {
  using rule = lamina::rule::a_fill_is_nearest_reflect_wrap_or_constant_with_a_value_from_0_to_1;
  static constexpr bool valid = detail::are_numbers<Value> && Value >= 0 && Value <= 1 &&
                                (Mode == fill_mode::constant || Value == 0);
  static constexpr augment_step step() {
    return {transform_kind::fill, static_cast<double>(Mode), Value};
  }
};

}  // namespace transforms

/// Turns by an angle from -Degrees to Degrees (Keras' rotation_range).
template <auto Degrees>
using rotate = transforms::rotate<detail::real<Degrees>()>;

/// Samples rows and columns at a step of 1 - Part to 1 + Part pixels, each drawn for itself: below
/// 1 the picture grows (Keras' zoom_range). `zoom<0.8, 1.1>` names the two bounds.
template <auto... Amounts>
using zoom = transforms::zoom<detail::real<Amounts>()...>;

/// Moves by up to these parts of height and width (Keras' height_shift_range, width_shift_range).
template <auto Height, auto Width = Height>
using shift = transforms::shift<detail::real<Height>(), detail::real<Width>()>;

/// Slants the columns by an angle from -Degrees to Degrees (Keras' shear_range).
template <auto Degrees>
using shear = transforms::shear<detail::real<Degrees>()>;

/// Mirrors every other picture, left to right.
struct flip_horizontal {
  using rule = lamina::rule::every_element_is_a_transform;
  static constexpr bool valid = true;
  static constexpr augment_step step() { return {transform_kind::flip_horizontal}; }
};

/// Multiplies by a factor from 1 - Part to 1 + Part, or between two bounds (Keras'
/// brightness_range); what leaves 0 to 1 is cut.
template <auto... Amounts>
using brightness = transforms::brightness<detail::real<Amounts>()...>;

/// Multiplies the distance from the picture's mean by such a factor; what leaves 0 to 1 is cut.
template <auto... Amounts>
using contrast = transforms::contrast<detail::real<Amounts>()...>;

/// Blackens a square of so many pixels a side around a pixel of the picture; a part of it may lie
/// outside (DeVries, Taylor 2017).
template <auto Side>
using cutout = transforms::cutout<detail::whole<Side>()>;

/// Moves each pixel for itself: by uniform noise from -1 to 1, smoothed with a Gaussian of `Width`
/// pixels, times `Strength` pixels (Simard, Steinkraus, Platt 2003).
template <auto Strength, auto Width>
using elastic = transforms::elastic<detail::real<Strength>(), detail::real<Width>()>;

/// Blends each picture and its label with another of the set, by parts from Beta(Shape, Shape)
/// (Zhang et al. 2018).
template <auto Shape>
using mixup = transforms::mixup<detail::real<Shape>()>;

/// What lies beyond the edges; without this, `fill_mode::nearest`.
template <fill_mode Mode, auto Value = 0>
using fill_edges = transforms::fill_edges<Mode, detail::real<Value>()>;

}  // namespace lamina
