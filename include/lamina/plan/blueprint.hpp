// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <lamina/fusion/steps.hpp>
#include <lamina/plan/parameters.hpp>
#include <lamina/plan/program.hpp>
#include <lamina/plan/winograd.hpp>

namespace lamina {

/// The shape of each layer's output.
template <class... Shapes>
struct shape_list {
  static constexpr std::size_t size() { return sizeof...(Shapes); }
};

/// A height and a width in pixels.
struct field {
  int height = 1;
  int width = 1;
  friend constexpr bool operator==(field, field) = default;
};

namespace detail {

template <class... Layers>
struct first_shape;

template <int... Extents, class... Layers>
struct first_shape<input<Extents...>, Layers...> {
  using type = shape<Extents...>;
};

template <class Input, class Located>
struct shapes_of;

template <class Input, class... Located>
struct shapes_of<Input, list<Located...>> {
  using type = shape_list<Input, typename Located::out...>;
};

template <class Tensors>
constexpr std::int64_t count_values(const Tensors& tensors, bool trained_only) {
  std::int64_t sum = 0;
  for (const parameter& tensor : tensors)
    if (tensor.trained || !trained_only) sum += static_cast<std::int64_t>(tensor.size());
  return sum;
}

template <class... Located>
constexpr std::int64_t count_parameters(list<Located...>, bool trained_only) {
  return (std::int64_t{0} + ... + count_values(parameters_of<Located>(), trained_only));
}

template <class... Located>
constexpr std::int64_t count_multiply_adds(list<Located...>) {
  return (std::int64_t{0} + ... + multiply_adds_of<Located>());
}

/// Window after window: a window of k pixels adds k - 1 times the distance of its pixels.
template <class... Located>
constexpr field receptive_field_of(list<Located...>) {
  field seen{};
  field step{};
  [[maybe_unused]] const auto pass = [&]<class One>(One) {
    using Layer = typename One::layer;
    if constexpr (requires { Layer::rows(typename One::in{}); }) {
      constexpr sampling rows = Layer::rows(typename One::in{});
      constexpr sampling columns = Layer::columns(typename One::in{});
      seen.height += (rows.window - 1) * step.height;
      seen.width += (columns.window - 1) * step.width;
      step.height *= rows.stride;
      step.width *= columns.stride;
    }
  };
  (pass(Located{}), ...);
  return seen;
}

template <class Located>
constexpr layer_facts facts_of() {
  using Layer = typename Located::layer;
  return {kind_of<Layer>(), Located::in::size, Located::out::size, workspace_of<Located>(),
          kind_of<Layer>() == layer_kind::product && Located::in::rank == 1};
}

/// Values of the packed weights of a convolution, for its output and for its input's gradient.
template <class Located>
constexpr std::ptrdiff_t packed_values_of() {
  constexpr auto weight = Located::layer::parameters(typename Located::in{})[0].extents;
  constexpr std::ptrdiff_t taps = std::ptrdiff_t{weight[2]} * weight[3];
  return packed_values(taps, weight[1], weight[0]) + packed_values(taps, weight[0], weight[1]);
}

/// Whether a layer is dense and has weights that are turned round for inference.
template <class Located>
constexpr bool is_turned() {
  return kind_of<typename Located::layer>() == layer_kind::product && Located::in::rank == 1 &&
         turned_values(Located::in::size, Located::out::size) > 0;
}

/// Values beside the blocks that a layer's steps share: packed weights of a convolution, turned
/// and packed ones of a dense layer in inference, statistics of a normalisation.
template <class Located>
constexpr std::ptrdiff_t fixed_values_of(fusion_mode mode) {
  using Layer = typename Located::layer;
  if constexpr (takes_winograd<Located>()) {
    return winograd_places_of(extents_of(typename Located::in{}).channels,
                              extents_of(typename Located::out{}).channels, mode,
                              takes_winograd_for_weights<Located>())
        .end;
  } else if constexpr (kind_of<Layer>() == layer_kind::product && Located::in::rank == 3) {
    return packed_values_of<Located>();
  } else if constexpr (kind_of<Layer>() == layer_kind::product) {
    constexpr int in = Located::in::size, out = Located::out::size;
    return mode == fusion_mode::inference ? turned_values(in, out) + tiled_values(in, out) : 0;
  } else if constexpr (kind_of<Layer>() == layer_kind::normalisation) {
    return 6 * ((std::ptrdiff_t{extents_of(typename Located::in{}).channels} + 15) / 16 * 16);
  } else {
    return 0;
  }
}

/// Everything that follows from the layers and a fusion mode, as constants.
template <class Located, fusion_mode Mode>
struct blueprint;

template <class... Located, fusion_mode Mode>
struct blueprint<list<Located...>, Mode> {
  static constexpr std::size_t layer_count = sizeof...(Located);
  static constexpr std::array<layer_facts, layer_count> facts{facts_of<Located>()...};
  static constexpr grouping<layer_count> groups = fuse(facts_for_fusion(list<Located...>{}), Mode);
  using located = list<Located...>;
  static constexpr fusion_mode mode = Mode;

  /// Where tensor number `tensor` of the layer `layer` begins among the parameters.
  static constexpr std::ptrdiff_t parameter_offset(int layer, int tensor) {
    for (const auto& slot : slots_of<located>) {
      if (slot.layer == layer && tensor-- == 0) return slot.offset;
    }
    return 0;
  }

  static constexpr std::ptrdiff_t input_size = [] {
    if constexpr (layer_count == 0) {
      return std::ptrdiff_t{0};
    } else {
      return facts[0].in;
    }
  }();
  static constexpr program<layer_count> code = compile(facts, groups, input_size);

  /// What a dense layer does for the one next to it, by operation.
  static constexpr bool leaves_weights(int operation) {
    return detail::leaves_weights(code, facts, operation);
  }
  static constexpr bool transposes_before(int operation) {
    return detail::transposes_before(code, facts, operation);
  }

  static constexpr memory_plan<layer_count> memory =
      plan_memory(code, facts, Mode != fusion_mode::inference);

  /// Where each layer's fixed values begin; the last entry is the end of them all.
  static constexpr std::array<std::ptrdiff_t, layer_count + 1> fixed = [] {
    std::array<std::ptrdiff_t, layer_count + 1> begin{};
    std::size_t next = 0;
    ((begin[next + 1] = begin[next] + fixed_values_of<Located>(Mode), ++next), ...);
    return begin;
  }();

  /// The last layer whose weights are turned round for inference, below 0 where there is none.
  static constexpr int last_turned = [] {
    int last = -1, i = 0;
    ((last = is_turned<Located>() ? i : last, ++i), ...);
    return last;
  }();

  /// Values of an image from one block to the next: never a multiple of 4 KiB in float or double,
  /// so that the same place of two blocks does not compete for the same lines of a cache.
  static constexpr std::ptrdiff_t block_values =
      memory.peak % 32 == 0 ? memory.peak + 1 : memory.peak;

  static constexpr std::int64_t block_bytes = std::int64_t{4} * 16 * block_values;
  static constexpr std::int64_t fixed_bytes = std::int64_t{4} * fixed[layer_count];

  using step_list = typename step_types<list<Located...>, groups, Mode == fusion_mode::training,
                                        std::make_integer_sequence<int, groups.count>>::type;
};

}  // namespace detail

}  // namespace lamina
