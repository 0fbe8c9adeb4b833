// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "lamina/train/optimizers/adam.hpp"

namespace lamina {

/// Adam with decoupled weight decay (I. Loshchilov, F. Hutter, ICLR 2019): w -= learning_rate
/// weight_decay w before the step of `adam`. Defaults of Keras; PyTorch's decay is 1e-2. A trainer
/// lets weights decay alone: neither biases nor what a normalisation learns.
struct adamw {
  static constexpr int states = 2;
  double learning_rate = 1e-3, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7, weight_decay = 4e-3;
  adam_epsilon place = adam_epsilon::beside_root;

  template <class Arch, class T>
  void update(std::int64_t step, T* weights, const T* gradient, T* const* state,
              std::ptrdiff_t n) const {
    const adam base{learning_rate, beta_1, beta_2, epsilon, place};
    kernels::update<Arch>(base.template rule<T, true>(step, 1 - learning_rate * weight_decay),
                          weights, gradient, state, n);
  }
};

static_assert(an_optimizer<adamw>);

}  // namespace lamina
