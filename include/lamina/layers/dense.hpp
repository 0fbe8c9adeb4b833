// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include <lamina/layers/kind.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/shape.hpp>

namespace lamina {

namespace layers {

template <auto Units>
struct dense {
  static constexpr auto kind = layer_kind::product;

  template <int... Extents>
  static constexpr auto output(shape<Extents...>) {
    if constexpr (!detail::is_positive<Units>) {
      return refuses<rule::units_are_a_whole_number_of_at_least_1>{};
    } else if constexpr (sizeof...(Extents) != 1) {
      return refuses<rule::dense_needs_a_flat_input__put_flatten_before_it>{};
    } else {
      return shape<Units>{};
    }
  }

  template <int Inputs>
  static constexpr std::array<parameter, 2> parameters(shape<Inputs>) {
    using namespace std::string_view_literals;
    return {parameter{"weight"sv, {Units, Inputs}, 2, initial::weights, true, Inputs, Units},
            parameter{"bias"sv, {Units}}};
  }

  template <int Inputs>
  static constexpr std::int64_t multiply_adds(shape<Inputs>) {
    return std::int64_t{Inputs} * Units;
  }
};

}  // namespace layers

/// Fully connected: y = W x + b. Shape `(n)` to `(Units)`; weights `(Units, n)`, Glorot uniform as
/// in Keras; bias `(Units)`, zeros. Where about half of its inputs are zero, or of the gradients of
/// its outputs, those are left out of its products, to the same bits; but for weights that are not
/// finite, whose product with zero is not seen. A classifier keeps large weights a second time, as
/// `(n, Units)`, so that it reads those of an image's values that are not zero alone.
template <auto Units>
using dense = layers::dense<detail::whole<Units>()>;

}  // namespace lamina
