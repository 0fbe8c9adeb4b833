// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/layers/batch_norm.hpp>
#include <lamina/layers/kind.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/shape.hpp>

namespace lamina {

namespace layers {

template <auto Rate>
struct dropout {
  static constexpr auto kind = layer_kind::dropout;
  static constexpr auto rate = Rate;

  template <int... Extents>
  static constexpr auto output(shape<Extents...> in) {
    if constexpr (!detail::is_real<Rate>) {
      return refuses<rule::the_rate_is_at_least_0_and_less_than_1>{};
    } else if constexpr (!(Rate >= 0 && Rate < 1)) {
      return refuses<rule::the_rate_is_at_least_0_and_less_than_1>{};
    } else {
      return in;
    }
  }
};

}  // namespace layers

/// In training each value becomes 0 with probability `Rate` and is divided by 1 - Rate otherwise
/// (Srivastava et al. 2014, inverted as in Keras); elsewhere the identity. The mask is drawn from
/// the counter (seed, epoch, sample, layer, value). `dropout<1/5>` is `dropout<0>`: whole numbers
/// divide without a rest in C++.
template <auto Rate>
using dropout = layers::dropout<detail::real<Rate>()>;

}  // namespace lamina
