// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/kernels/optimizers.hpp"
#include "lamina/train/optimizers/optimizer.hpp"

namespace lamina {

/// Where RMSprop adds its epsilon: sqrt(v + epsilon) is Keras 3's, sqrt(v) + epsilon PyTorch's.
enum class epsilon_place { inside_root, beside_root };

/// RMSprop (T. Hinton, lecture 6e): v = rho v + (1 - rho) g^2; w -= learning_rate g / sqrt(v +
/// epsilon), with the defaults of Keras 3; PyTorch's rho, `alpha`, is 0.99 by default.
struct rmsprop {
  static constexpr int states = 1;
  double learning_rate = 1e-3, rho = 0.9, epsilon = 1e-7;
  epsilon_place place = epsilon_place::inside_root;

  template <class Arch, class T>
  void update(std::int64_t /*step*/, T* weights, const T* gradient, T* const* state,
              std::ptrdiff_t n) const {
    const auto rate = static_cast<T>(learning_rate), keep = static_cast<T>(rho),
               take = static_cast<T>(1 - rho), small = static_cast<T>(epsilon);
    if (place == epsilon_place::inside_root)
      kernels::update<Arch>(kernels::rmsprop_rule<T, true>{rate, keep, take, small}, weights,
                            gradient, state, n);
    else
      kernels::update<Arch>(kernels::rmsprop_rule<T, false>{rate, keep, take, small}, weights,
                            gradient, state, n);
  }
};

static_assert(an_optimizer<rmsprop>);

}  // namespace lamina
