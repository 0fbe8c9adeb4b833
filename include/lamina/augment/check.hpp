// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <utility>

#include <lamina/augment/problem.hpp>

namespace lamina {

namespace detail {

/// An element of a policy: it becomes a `Step` of a plan and has the rule that its amounts keep.
template <class Type, class Step>
concept an_element_of = requires {
  typename Type::rule;
  { Type::valid } -> std::convertible_to<bool>;
  { Type::step() } -> std::same_as<Step>;
};

struct no_policy_mismatch {};

template <class Checked>
inline constexpr bool is_policy_mismatch = true;
template <>
inline constexpr bool is_policy_mismatch<no_policy_mismatch> = false;

template <class Element, class Step>
constexpr int kind_number() {
  if constexpr (an_element_of<Element, Step>) {
    if constexpr (Element::valid) return static_cast<int>(Element::step().kind);
  }
  return -1;
}

template <class Step, class... Elements>
constexpr bool repeats(std::size_t place) {
  const int kinds[] = {kind_number<Elements, Step>()..., -1};
  for (std::size_t i = 0; i < place; ++i)
    if (kinds[i] == kinds[place] && kinds[place] >= 0) return true;
  return false;
}

template <class Element, class Step, bool Repeated>
constexpr auto broken_rule() {
  if constexpr (!an_element_of<Element, Step>) {
    return breaks<rule::every_element_is_a_transform>{};
  } else if constexpr (!Element::valid) {
    return breaks<typename Element::rule>{};
  } else if constexpr (Repeated) {
    return breaks<rule::a_transform_is_given_once>{};
  } else {
    return no_policy_mismatch{};
  }
}

template <int Place, class Found, class Element>
struct mismatch_at {
  using type = no_policy_mismatch;
};
template <int Place, class Rule, class Element>
struct mismatch_at<Place, breaks<Rule>, Element> {
  using type = policy_mismatch<at_transform<Place>, transform_named<Element>, breaks<Rule>>;
};

template <class... Found>
struct first_mismatch {
  using type = no_policy_mismatch;
};
template <class First, class... Rest>
struct first_mismatch<First, Rest...> {
  using type = First;
};
template <class... Rest>
struct first_mismatch<no_policy_mismatch, Rest...> : first_mismatch<Rest...> {};

template <class Step, class Indices, class... Elements>
struct policy_check;

/// The first mistake of the elements, each looked at for itself.
template <class Step, std::size_t... Index, class... Elements>
struct policy_check<Step, std::index_sequence<Index...>, Elements...>
    : first_mismatch<typename mismatch_at<
          static_cast<int>(Index) + 1,
          decltype(broken_rule<Elements, Step, repeats<Step, Elements...>(Index)>()),
          Elements>::type...> {};

}  // namespace detail

/// What a policy asks of its elements.
template <class Checked>
concept a_policy_without_mistakes = !detail::is_policy_mismatch<Checked>;

}  // namespace lamina
