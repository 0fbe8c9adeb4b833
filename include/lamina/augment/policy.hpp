// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

#include <lamina/augment/plan.hpp>
#include <lamina/augment/problem.hpp>
#include <lamina/augment/transforms.hpp>

namespace lamina {

namespace detail {

template <class Type>
concept a_transform = requires {
  typename Type::rule;
  { Type::valid } -> std::convertible_to<bool>;
  { Type::step() } -> std::same_as<augment_step>;
};

struct no_policy_mismatch {};

template <class Checked>
inline constexpr bool is_policy_mismatch = true;
template <>
inline constexpr bool is_policy_mismatch<no_policy_mismatch> = false;

/// Whether a transform is also one of those before it.
template <class Transform>
constexpr int kind_number() {
  if constexpr (a_transform<Transform>) {
    if constexpr (Transform::valid) return static_cast<int>(Transform::step().kind);
  }
  return -1;
}

template <class Transform, bool Repeated>
constexpr auto broken_rule() {
  if constexpr (!a_transform<Transform>) {
    return breaks<rule::every_element_is_a_transform>{};
  } else if constexpr (!Transform::valid) {
    return breaks<typename Transform::rule>{};
  } else if constexpr (Repeated) {
    return breaks<rule::a_transform_is_given_once>{};
  } else {
    return no_policy_mismatch{};
  }
}

template <class... Transforms>
constexpr bool repeats(std::size_t place) {
  const int kinds[] = {kind_number<Transforms>()..., 0};
  for (std::size_t i = 0; i < place; ++i)
    if (kinds[i] == kinds[place] && kinds[place] >= 0) return true;
  return false;
}

/// The first mistake of those that are left, or none.
template <int Place, class Found, class Transform>
struct first_mismatch {
  using type = Found;
};
template <int Place, class Rule, class Transform>
struct first_mismatch<Place, breaks<Rule>, Transform> {
  using type = policy_mismatch<at_transform<Place>, transform_named<Transform>, breaks<Rule>>;
};

template <class Left, class Right>
struct either {
  using type = Left;
};
template <class Right>
struct either<no_policy_mismatch, Right> {
  using type = Right;
};

template <int Place, class... Found>
struct fold_mismatches {
  using type = no_policy_mismatch;
};
template <int Place, class First, class... Rest>
struct fold_mismatches<Place, First, Rest...>
    : either<First, typename fold_mismatches<Place + 1, Rest...>::type> {};

template <class Indices, class... Transforms>
struct policy_check;

template <std::size_t... Index, class... Transforms>
struct policy_check<std::index_sequence<Index...>, Transforms...> {
  using type = typename fold_mismatches<
      1, typename first_mismatch<static_cast<int>(Index) + 1,
                                 decltype(broken_rule<Transforms, repeats<Transforms...>(Index)>()),
                                 Transforms>::type...>::type;
};

template <class... Transforms>
constexpr augment_plan plan_of() {
  augment_plan plan;
  const augment_step steps[] = {Transforms::step()..., augment_step{}};
  for (std::size_t i = 0; i < sizeof...(Transforms); ++i) {
    if (steps[i].kind == transform_kind::fill) {
      plan.fill = static_cast<fill_mode>(static_cast<int>(steps[i].first));
      plan.fill_value = steps[i].second;
    } else {
      plan.steps[plan.count++] = steps[i];
    }
  }
  return plan;
}

}  // namespace detail

/// What the first mistake of a policy is, as a `policy_mismatch<…>`; without one no type of the
/// user's concern.
template <class... Transforms>
using check_policy =
    typename detail::policy_check<std::index_sequence_for<Transforms...>, Transforms...>::type;

/// What `augmentation` asks of its transforms.
template <class Checked>
concept a_policy_without_mistakes = !detail::is_policy_mismatch<Checked>;

/// What may happen to a picture before the network sees it in training, as a type:
///
///     using asl_augmentation =
///         augmentation<rotate<10.0>, zoom<0.1>, shift<0.1, 0.1>, flip_horizontal>;
///     trainer.fit(data.train, {.epochs = 20, .augmentation = asl_augmentation{}});
///
/// The geometric ones (`rotate`, `zoom`, `shift`, `shear`, `flip_horizontal`) happen in the order
/// of the type, composed into one affine map about the picture's centre, and with `elastic` the
/// picture is resampled once, bilinearly. What changes the values follows in its own order; `mixup`
/// comes before everything. In the order rotate, shift, shear, zoom, flip_horizontal they are
/// Keras' ImageDataGenerator. What is drawn is a function of (seed, epoch, sample) alone.
template <class... Transforms>
requires a_policy_without_mistakes<check_policy<Transforms...>>
struct augmentation {
  static constexpr augment_plan plan = detail::plan_of<Transforms...>();

  constexpr operator const augment_plan&() const { return plan; }
};

}  // namespace lamina
