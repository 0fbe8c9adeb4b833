// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>
#include <utility>

#include <lamina/layers/blocks.hpp>
#include <lamina/layers/problem.hpp>

namespace lamina::detail {

/// A list of types.
template <class... Types>
struct list {
  static constexpr int size = sizeof...(Types);
};

/// A layer and where it stands.
template <class At, class Layer>
struct placed {};

/// Something that cannot stand where it does, whatever its input.
template <class At, class Layer, class Rule>
struct misplaced {};

template <class... Lists>
struct concatenate;

template <>
struct concatenate<> {
  using type = list<>;
};

template <class... First>
struct concatenate<list<First...>> {
  using type = list<First...>;
};

template <class... First, class... Second, class... Rest>
struct concatenate<list<First...>, list<Second...>, Rest...>
    : concatenate<list<First..., Second...>, Rest...> {};

/// Eight at a time: most lists are one layer long.
template <class... A, class... B, class... C, class... D, class... E, class... F, class... G,
          class... H, class... Rest>
struct concatenate<list<A...>, list<B...>, list<C...>, list<D...>, list<E...>, list<F...>,
                   list<G...>, list<H...>, Rest...>
    : concatenate<list<A..., B..., C..., D..., E..., F..., G..., H...>, Rest...> {};

template <class At, int Last>
struct below;

template <int... Path, int Last>
struct below<at_layer<Path...>, Last> {
  using type = at_layer<Path..., Last>;
};

/// Replaces blocks by their layers: a list of `placed` and `misplaced`.
template <class At, class Layer>
struct expand {
  using type = list<placed<At, Layer>>;
};

template <class At, class Positions, class... Layers>
struct expand_each;

template <class At, int... Position, class... Layers>
struct expand_each<At, std::integer_sequence<int, Position...>, Layers...>
    : concatenate<typename expand<typename below<At, Position + 1>::type, Layers>::type...> {};

/// The layers of a block, the first at position 1.
template <class At, class... Layers>
using expand_block =
    typename expand_each<At, std::make_integer_sequence<int, sizeof...(Layers)>, Layers...>::type;

template <class At, class Block, class Rule>
using misplaced_list = std::type_identity<list<misplaced<At, Block, Rule>>>;

template <class At, int... Extents>
struct expand<At, input<Extents...>>
    : misplaced_list<At, input<Extents...>, rule::a_network_has_one_input> {};

template <class At>
struct expand<At, sequence<>>
    : misplaced_list<At, sequence<>, rule::a_block_has_at_least_one_layer> {};

template <class At, class... Layers>
struct expand<At, sequence<Layers...>> {
  using type = expand_block<At, Layers...>;
};

template <class At>
struct expand<At, residual<>>
    : misplaced_list<At, residual<>, rule::a_block_has_at_least_one_layer> {};

template <class At, class... Layers>
struct expand<At, residual<Layers...>> {
  using type = typename concatenate<list<placed<At, layers::fork>>, expand_block<At, Layers...>,
                                    list<placed<At, layers::join<residual<Layers...>>>>>::type;
};

template <class At, class Positions, class... Layers>
struct repeat_each;

/// Copy number `Copy` begins after the layers of the copies before it.
template <class At, int... Copy, class... Layers>
struct repeat_each<At, std::integer_sequence<int, Copy...>, Layers...> {
  template <int Number, class Positions>
  struct one_copy;
  template <int Number, int... Position>
  struct one_copy<Number, std::integer_sequence<int, Position...>>
      : concatenate<typename expand<
            typename below<At, Number* static_cast<int>(sizeof...(Layers)) + Position + 1>::type,
            Layers>::type...> {};

  using type = typename concatenate<
      typename one_copy<Copy, std::make_integer_sequence<int, sizeof...(Layers)>>::type...>::type;
};

template <class At, auto Times, class... Layers>
struct expand<At, layers::repeat<Times, Layers...>> {
  static constexpr auto find() {
    if constexpr (!is_positive<Times>) {
      return misplaced_list<At, layers::repeat<Times, Layers...>,
                            rule::a_block_is_repeated_at_least_once>{};
    } else if constexpr (sizeof...(Layers) == 0) {
      return misplaced_list<At, layers::repeat<Times, Layers...>,
                            rule::a_block_has_at_least_one_layer>{};
    } else {
      return repeat_each<At, std::make_integer_sequence<int, Times>, Layers...>{};
    }
  }
  using type = typename decltype(find())::type;
};

}  // namespace lamina::detail
