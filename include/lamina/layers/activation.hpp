// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <type_traits>

#include <lamina/layers/kind.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/shape.hpp>

namespace lamina {

namespace layers {

/// One value in, one value out: every shape stays what it is.
struct elementwise {
  static constexpr auto kind = layer_kind::activation;

  template <int... Extents>
  static constexpr auto output(shape<Extents...> in) {
    return in;
  }
};

template <auto Slope>
struct leaky_relu {
  static constexpr auto kind = layer_kind::activation;
  static constexpr auto slope = Slope;
  static constexpr bool homogeneous = true;

  template <int... Extents>
  static constexpr auto output(shape<Extents...> in) {
    if constexpr (!std::same_as<std::remove_cv_t<decltype(Slope)>, double>) {
      return refuses<rule::the_slope_is_a_number_of_at_least_0>{};
    } else if constexpr (!(Slope >= 0)) {
      return refuses<rule::the_slope_is_a_number_of_at_least_0>{};
    } else {
      return in;
    }
  }
};

}  // namespace layers

/// max(x, 0); the derivative at 0 is 0.
struct relu : layers::elementwise {
  static constexpr bool homogeneous = true;  // f(a x) = a f(x) for a >= 0
};

/// (e^x - e^-x) / (e^x + e^-x). Its short name is the C library's.
struct hyperbolic_tangent : layers::elementwise {};

/// 1 / (1 + e^-x).
struct sigmoid : layers::elementwise {};

/// x where x > 0, Slope x elsewhere; the slope is at least 0, 0.01 unless given (as in PyTorch).
template <auto Slope = 0.01>
using leaky_relu = layers::leaky_relu<detail::real<Slope>()>;

/// e^x[i] / sum of e^x[j] over a flat shape; the last layer of a classifier.
struct softmax {
  static constexpr auto kind = layer_kind::softmax;

  template <int... Extents>
  static constexpr auto output(shape<Extents...> in) {
    if constexpr (sizeof...(Extents) == 1) {
      return in;
    } else {
      return refuses<rule::softmax_needs_a_flat_input>{};
    }
  }
};

/// `(h, w, c)` to `(h w c)`, in the order channel, row, column (as PyTorch). Moves nothing.
struct flatten {
  static constexpr auto kind = layer_kind::flatten;

  template <int... Extents>
  static constexpr auto output(shape<Extents...> in) {
    return shape<static_cast<int>(in.size)>{};
  }
};

}  // namespace lamina
