// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

#include "arrays.hpp"
#include "one_image.hpp"
#include "passes.hpp"
#include "pools.hpp"
#include "products.hpp"
#include "winograd.hpp"

#include <lamina/network.hpp>

namespace bench {

/// The rows of the kernels that a layer at its place asks for.
template <class Located>
void add_layer(bool learns_before) {
  using enum lamina::layer_kind;
  constexpr auto kind = lamina::detail::kind_of<typename Located::layer>();
  constexpr auto in = lamina::detail::extents_of(typename Located::in{});
  const std::string shape = in.pixels() == 1
                                ? std::to_string(in.channels)
                                : std::to_string(in.channels) + "," + std::to_string(in.height) +
                                      "x" + std::to_string(in.width);
  if constexpr (kind == product) {
    add_products<computed_directly<Located>>(learns_before);
    add_winograd<Located>(learns_before);
    add_one_image<computed_directly<Located>>();
    if (in.pixels() == 1) add_layouts(in.size());
  } else if constexpr (kind == activation) {
    add_relu(shape, in.size());
  } else if constexpr (kind == dropout) {
    add_dropout(shape, in.size());
  } else if constexpr (kind == normalisation) {
    add_batch_norm(shape, in.channels, in.pixels());
  } else if constexpr (kind == max_pool) {
    add_max_pool<Located>(shape);
    add_normalised_pool<Located>(shape);
  } else if constexpr (kind == softmax) {
    add_softmax(shape, in.size());
  }
}

/// The rows of all kernels of a network at its extents.
template <lamina::a_network Net>
bool register_kernels() {
  bool learns = false;
  const auto one = [&]<class Located>(Located) {
    add_layer<Located>(learns);
    learns = learns || lamina::detail::parameters_of<Located>().size() != 0;
  };
  [&]<class... Located>(lamina::detail::list<Located...>) {
    (one(Located{}), ...);
  }(typename Net::located_layers{});
  add_layouts(Net::input_shape::size);
  add_optimizers(Net::trained_parameter_count);
  return true;
}

}  // namespace bench
