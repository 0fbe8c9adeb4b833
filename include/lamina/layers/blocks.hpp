// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/layers/kind.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/shape.hpp>

namespace lamina {

/// What a network begins with: the shape of one image.
template <int... Extents>
struct input {};

/// A reusable block: its layers one after another.
template <class... Layers>
struct sequence {};

namespace layers {

template <auto Times, class... Layers>
struct repeat {};

/// Stands where a residual block begins; keeps the shape.
struct fork {
  static constexpr auto kind = layer_kind::fork;

  template <int... Extents>
  static constexpr auto output(shape<Extents...> in) {
    return in;
  }
};

/// Stands where the residual block `Block` ends: adds what came into the block.
template <class Block>
struct join {
  static constexpr auto kind = layer_kind::join;

  template <int... Extents>
  static constexpr auto output(shape<Extents...> in) {
    return in;
  }
};

}  // namespace layers

/// The same layers `Times` times, each time with parameters of their own.
template <auto Times, class... Layers>
using repeat = layers::repeat<detail::whole<Times>(), Layers...>;

/// y = x + layers(x) (He et al. 2015); the layers keep the shape.
template <class... Layers>
struct residual {};

}  // namespace lamina
