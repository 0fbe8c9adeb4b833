// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <climits>
#include <concepts>
#include <cstddef>
#include <type_traits>
#include <utility>

#include <boost/hana/basic_tuple.hpp>
#include <boost/hana/fold_left.hpp>

#include <lamina/layers/activation.hpp>
#include <lamina/layers/expand.hpp>
#include <lamina/layers/kind.hpp>
#include <lamina/layers/problem.hpp>
#include <lamina/shape.hpp>

namespace lamina {

namespace detail {

/// The most values of an activation of one image: a block of 16 images of doubles takes 4 GiB.
inline constexpr std::ptrdiff_t most_values = INT_MAX / 64;

template <class Shape>
concept too_large = Shape::size > most_values;

/// A layer, where it stands, what comes in and what goes out.
template <class At, class Layer, class In, class Out>
struct located {
  using at = At;
  using layer = Layer;
  using in = In;
  using out = Out;
};

/// Shape inference so far: the shape that leaves the last layer, what came into the residual blocks
/// that are still open, and every layer with its shapes.
template <class Shape, class Open, class Located>
struct inferred {
  using shape = Shape;
  using layers = Located;
};

template <class Located, class Next>
struct append_layer;

template <class... Located, class Next>
struct append_layer<list<Located...>, Next> {
  using type = list<Located..., Next>;
};

template <class Layer>
concept comes_with_lamina = requires {
  { Layer::kind } -> std::convertible_to<layer_kind>;
};

template <class Layer, class In>
concept has_every_member = requires(In in, forward_pass<float> forward,
                                    backward_pass<float> backward) {
  { Layer::parameters(in).size() } -> std::convertible_to<std::size_t>;
  { Layer::workspace(in) } -> std::convertible_to<std::size_t>;
  Layer::forward(forward);
  Layer::backward(backward);
};

/// What a layer of lamina's own answers the shape `In` with.
template <class Layer, class In, layer_kind = Layer::kind>
auto output_of(int) -> decltype(Layer::output(In{}));

/// What something else answers.
template <class Layer, class In>
constexpr auto output_of(...) {
  if constexpr (!std::is_class_v<Layer>) {
    return refuses<rule::every_element_is_a_layer>{};
  } else if constexpr (!comes_with_lamina<Layer> && !has_every_member<Layer, In>) {
    if constexpr (
        requires { Layer::output(In{}); } || requires { &Layer::forward; }) {
      return refuses<rule::a_layer_has_output_parameters_workspace_forward_and_backward>{};
    } else {
      return refuses<rule::every_element_is_a_layer>{};
    }
  } else if constexpr (!requires { Layer::output(In{}); }) {
    return refuses<rule::a_layer_has_output_parameters_workspace_forward_and_backward>{};
  } else {
    return Layer::output(In{});
  }
}

/// One step of shape inference; a mismatch absorbs all that follows it, so one mistake is one
/// error.
template <class State, class Next>
struct advance {
  using type = State;
};

template <class In, class Open, class Done, class At, class Layer, class Rule>
struct advance<inferred<In, Open, Done>, misplaced<At, Layer, Rule>> {
  using type = mismatch<At, layer<Layer>, receives<In>, breaks<Rule>>;
};

/// What follows when a layer at a place answers its input with `Out`.
template <class State, class At, class Layer, class Out>
struct answered;

template <class In, class Open, class Done, class At, class Layer, class Out>
struct answered<inferred<In, Open, Done>, At, Layer, Out> {
  using type = mismatch<At, layer<Layer>, receives<In>,
                        breaks<rule::a_layer_has_output_parameters_workspace_forward_and_backward>>;
};

template <class In, class Open, class Done, class At, class Layer, class Rule>
struct answered<inferred<In, Open, Done>, At, Layer, refuses<Rule>> {
  using type = mismatch<At, layer<Layer>, receives<In>, breaks<Rule>>;
};

template <class In, class Open, class Done, class At, class Layer, int... Extents>
requires too_large<shape<Extents...>>
struct answered<inferred<In, Open, Done>, At, Layer, shape<Extents...>> {
  using type =
      mismatch<At, layer<Layer>, receives<In>, breaks<rule::the_activation_fits_in_memory>>;
};

template <class In, class Open, class Done, class At, class Layer, int... Extents>
struct answered<inferred<In, Open, Done>, At, Layer, shape<Extents...>> {
  using type =
      inferred<shape<Extents...>, Open,
               typename append_layer<Done, located<At, Layer, In, shape<Extents...>>>::type>;
};

template <class In, class Open, class Done, class At, class Layer>
struct advance<inferred<In, Open, Done>, placed<At, Layer>>
    : answered<inferred<In, Open, Done>, At, Layer, decltype(output_of<Layer, In>(0))> {};

template <class In, class... Open, class Done, class At>
struct advance<inferred<In, list<Open...>, Done>, placed<At, layers::fork>> {
  using type = inferred<In, list<In, Open...>,
                        typename append_layer<Done, located<At, layers::fork, In, In>>::type>;
};

template <class Out, class In, class... Open, class Done, class At, class Block>
struct advance<inferred<Out, list<In, Open...>, Done>, placed<At, layers::join<Block>>> {
  using type =
      mismatch<At, layer<Block>, receives<In>, breaks<rule::a_residual_block_keeps_its_shape>>;
};

template <class In, class... Open, class Done, class At, class Block>
struct advance<inferred<In, list<In, Open...>, Done>, placed<At, layers::join<Block>>> {
  using type =
      inferred<In, list<Open...>,
               typename append_layer<Done, located<At, layers::join<Block>, In, In>>::type>;
};

/// Declared alone: what it returns is all that the fold asks for. That is no mistake where a layer
/// is from an anonymous namespace, either.
#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif
struct one_step {
  template <class Before, class Next>
  typename advance<Before, Next>::type operator()(const Before&, const Next&) const;
};
#if defined(__clang__)
#pragma clang diagnostic pop
#endif

template <class State, class... Elements>
struct run {
  using elements = boost::hana::basic_tuple<Elements...>;
  using type =
      std::remove_cvref_t<decltype(boost::hana::fold_left(elements{}, State{}, one_step{}))>;
};

/// Softmax anywhere but at the end becomes `misplaced` before inference begins. The choice for one
/// element is no member of the choice for all: its name would be as long as theirs.
template <class Element, bool Last>
struct checked_softmax {
  using type = Element;
};

template <class At>
struct checked_softmax<placed<At, softmax>, false> {
  using type = misplaced<At, softmax, rule::softmax_comes_last>;
};

template <class Elements, class Indices>
struct check_softmax;

template <class... Elements, std::size_t... Index>
struct check_softmax<list<Elements...>, std::index_sequence<Index...>> {
  using type = list<typename checked_softmax<Elements, Index + 1 == sizeof...(Elements)>::type...>;
};

template <class Input, class Elements>
struct run_all;

template <int... Extents, class... Elements>
struct run_all<input<Extents...>, list<Elements...>> {
  using type = typename run<inferred<shape<Extents...>, list<>, list<>>, Elements...>::type;
};

template <class... Layers>
struct inference {
  using type = mismatch<at_layer<0>, layer<nothing>, receives<nothing>,
                        breaks<rule::a_network_begins_with_input>>;
};

template <class First, class... Layers>
struct inference<First, Layers...> {
  using type = mismatch<at_layer<0>, layer<First>, receives<nothing>,
                        breaks<rule::a_network_begins_with_input>>;
};

template <int... Extents, class... Layers>
struct inference<input<Extents...>, Layers...> {
  static constexpr auto find() {
    if constexpr (!(... && (Extents >= 1))) {
      return std::type_identity<mismatch<at_layer<0>, layer<input<Extents...>>, receives<nothing>,
                                         breaks<rule::input_extents_are_at_least_1>>>{};
    } else if constexpr (sizeof...(Extents) != 1 && sizeof...(Extents) != 3) {
      return std::type_identity<
          mismatch<at_layer<0>, layer<input<Extents...>>, receives<nothing>,
                   breaks<rule::an_input_is_a_size_or_height_width_and_channels>>>{};
    } else if constexpr (too_large<shape<Extents...>>) {
      return std::type_identity<mismatch<at_layer<0>, layer<input<Extents...>>, receives<nothing>,
                                         breaks<rule::the_activation_fits_in_memory>>>{};
    } else {
      using elements = expand_block<at_layer<>, Layers...>;
      using checked = check_softmax<elements, std::make_index_sequence<elements::size>>;
      return run_all<input<Extents...>, typename checked::type>{};
    }
  }
  using type = typename decltype(find())::type;
};

template <class Type>
inline constexpr bool is_inferred = false;

template <class Shape, class Open, class Located>
inline constexpr bool is_inferred<inferred<Shape, Open, Located>> = true;

}  // namespace detail

/// The shapes of a list of layers that begins with `input`, or a `mismatch<…>` that names the first
/// layer that refuses what reaches it.
template <class... Layers>
using infer = typename detail::inference<Layers...>::type;

/// What `network` asks of its layers: the shape that reaches each of them is one that it accepts.
template <class Inferred>
concept a_shape_every_layer_accepts = detail::is_inferred<Inferred>;

}  // namespace lamina
