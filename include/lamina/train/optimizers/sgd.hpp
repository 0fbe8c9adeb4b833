// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/kernels/optimizers.hpp"
#include "lamina/train/optimizers/optimizer.hpp"

namespace lamina {

/// Gradient descent, as Keras defines it: v = momentum v - learning_rate g; w += v; with Nesterov's
/// look-ahead w += momentum v - learning_rate g. (PyTorch keeps v / -learning_rate instead, which
/// is the same as long as the rate does not change.)
struct sgd {
  static constexpr int states = 1;
  double learning_rate = 1e-2, momentum = 0;
  bool nesterov = false;

  /// The state is neither read nor written without momentum.
  template <class Arch, class T>
  void update(std::int64_t /*step*/, T* weights, const T* gradient, T* const* state,
              std::ptrdiff_t n) const {
    const auto rate = static_cast<T>(learning_rate), keep = static_cast<T>(momentum);
    if (momentum == 0)
      kernels::update<Arch>(kernels::plain_descent_rule<T>{rate}, weights, gradient, state, n);
    else if (nesterov)
      kernels::update<Arch>(kernels::momentum_rule<T, true>{rate, keep}, weights, gradient, state,
                            n);
    else
      kernels::update<Arch>(kernels::momentum_rule<T, false>{rate, keep}, weights, gradient, state,
                            n);
  }
};

static_assert(an_optimizer<sgd>);

}  // namespace lamina
