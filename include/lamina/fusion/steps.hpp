// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <lamina/fusion/rules.hpp>
#include <lamina/layers/activation.hpp>
#include <lamina/layers/infer.hpp>

namespace lamina {

/// Layers that run as one step.
template <class... Layers>
struct fused {
  friend constexpr bool operator==(fused, fused) { return true; }
};

template <class... Left, class... Right>
constexpr bool operator==(fused<Left...>, fused<Right...>) {
  return false;
}

/// The steps of a network in their order; a value that can be compared, counted and described.
template <class... Steps>
struct steps {
  static constexpr std::size_t size() { return sizeof...(Steps); }

  /// Whether `Step` (a `fused<…>`) is one of them.
  template <class Step>
  static constexpr bool contains(Step) {
    return (std::same_as<Step, Steps> || ...);
  }

  friend constexpr bool operator==(steps, steps) { return true; }
};

template <class... Left, class... Right>
constexpr bool operator==(steps<Left...>, steps<Right...>) {
  return false;
}

/// In training the last layer of a classifier and its loss are one step: `fused<softmax, loss>`.
struct loss {};

namespace detail {

template <class Layer>
constexpr bool is_homogeneous() {
  if constexpr (requires { Layer::homogeneous; }) {
    return Layer::homogeneous;
  } else {
    return false;
  }
}

template <class Layer>
constexpr layer_kind kind_of() {
  if constexpr (comes_with_lamina<Layer>) {
    return Layer::kind;
  } else {
    return layer_kind::custom;
  }
}

/// Most pixels in the rows of a channel that a row of windows sees, for a pool that joins its
/// convolution: those of a few channels are held near the processor.
inline constexpr int pixels_of_a_band = 1024;

constexpr bool tiles(sampling s) {
  return s.stride == s.window && s.outputs() * s.stride - s.padding() >= s.extent;
}

/// Whether a pool has a stride as large as its window, and the windows cover the image.
template <class Located>
constexpr bool tiles_its_input() {
  if constexpr (kind_of<typename Located::layer>() == layer_kind::max_pool) {
    using Layer = typename Located::layer;
    constexpr sampling rows = Layer::rows(typename Located::in{});
    constexpr sampling columns = Layer::columns(typename Located::in{});
    return tiles(rows) && tiles(columns) && rows.window * columns.extent <= pixels_of_a_band;
  } else {
    return false;
  }
}

/// Most terms of a sum (input channels x taps) for which a convolution is computed anew for its
/// gradient: to store its output and that gradient would take longer.
inline constexpr int cheap_terms = 16;

template <class Located>
constexpr bool is_cheap_convolution() {
  if constexpr (kind_of<typename Located::layer>() == layer_kind::product &&
                Located::in::rank == 3) {
    return Located::layer::multiply_adds(typename Located::in{}) <=
           std::int64_t{cheap_terms} * Located::out::size;
  } else {
    return false;
  }
}

constexpr auto facts_for_fusion(list<>) { return std::array<fusion_facts, 0>{}; }

template <class First, class... Located>
constexpr auto facts_for_fusion(list<First, Located...>) {
  std::array<fusion_facts, 1 + sizeof...(Located)> facts{
      fusion_facts{kind_of<typename First::layer>(), is_homogeneous<typename First::layer>(),
                   tiles_its_input<First>()},
      fusion_facts{kind_of<typename Located::layer>(), is_homogeneous<typename Located::layer>(),
                   tiles_its_input<Located>()}...};
  facts[0].cheap = is_cheap_convolution<First>();  // no other place asks for it
  return facts;
}

template <std::size_t Index, class Type>
struct indexed {
  using type = Type;
};

template <class Indices, class... Types>
struct index_map;

template <std::size_t... Index, class... Types>
struct index_map<std::index_sequence<Index...>, Types...> : indexed<Index, Types>... {};

template <std::size_t Index, class Type>
indexed<Index, Type> lookup(const indexed<Index, Type>*);

template <class Located>
struct index_map_of;

template <class... Located>
struct index_map_of<list<Located...>> {
  using type = index_map<std::index_sequence_for<Located...>, Located...>;
};

/// The layer with this index among those that the blocks were replaced by.
template <class Located, int Index>
using located_at = decltype(lookup<static_cast<std::size_t>(Index)>(
    static_cast<typename index_map_of<Located>::type*>(nullptr)));

template <class Located, int... Index>
using fused_layers = fused<typename located_at<Located, Index>::type::layer...>;

template <class Located, const auto& Grouping, int Step, class Members>
struct step_type;

template <class Located, const auto& Grouping, int Step, std::size_t... Member>
struct step_type<Located, Grouping, Step, std::index_sequence<Member...>> {
  using type = fused_layers<Located, Grouping.groups[Step].layer[Member]...>;
};

template <class Located, const auto& Grouping, bool Training, class Indices>
struct step_types;

template <class Step, bool Training>
struct with_loss {
  using type = Step;
};
template <>
struct with_loss<fused<softmax>, true> {
  using type = fused<softmax, loss>;
};

template <class Located, const auto& Grouping, bool Training, int... Step>
struct step_types<Located, Grouping, Training, std::integer_sequence<int, Step...>> {
  using type =
      steps<typename with_loss<typename step_type<Located, Grouping, Step,
                                                  std::make_index_sequence<static_cast<std::size_t>(
                                                      Grouping.groups[Step].count)>>::type,
                               Training>::type...>;
};

}  // namespace detail

}  // namespace lamina
