// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>

#include "lamina/kernels/optimizers.hpp"
#include "lamina/train/optimizers/optimizer.hpp"

namespace lamina {

/// Where Adam adds its epsilon: beside the root of v as it is ("epsilon hat", Keras), or beside the
/// root of v corrected for the first steps, v / (1 - beta_2^step) (the paper's algorithm, PyTorch).
enum class adam_epsilon { beside_root, beside_corrected_root };

/// Adam (D. Kingma, J. Ba, ICLR 2015) in the form and with the defaults of Keras:
/// m += (1 - beta_1) (g - m); v += (1 - beta_2) (g^2 - v);
/// w -= learning_rate sqrt(1 - beta_2^step) / (1 - beta_1^step) m / (sqrt(v) + epsilon).
struct adam {
  static constexpr int states = 2;
  double learning_rate = 1e-3, beta_1 = 0.9, beta_2 = 0.999, epsilon = 1e-7;
  adam_epsilon place = adam_epsilon::beside_root;

  /// The rule of one step, weights multiplied by `keep` before it.
  template <class T, bool Decay>
  kernels::adam_rule<T, Decay> rule(std::int64_t step, double keep) const {
    const double steps = static_cast<double>(step);
    const double root = std::sqrt(1 - std::pow(beta_2, steps));
    const double rate = learning_rate * root / (1 - std::pow(beta_1, steps));
    const double small = place == adam_epsilon::beside_root ? epsilon : epsilon * root;
    return {static_cast<T>(rate), static_cast<T>(1 - beta_1), static_cast<T>(1 - beta_2),
            static_cast<T>(small), static_cast<T>(keep)};
  }

  template <class Arch, class T>
  void update(std::int64_t step, T* weights, const T* gradient, T* const* state,
              std::ptrdiff_t n) const {
    kernels::update<Arch>(rule<T, false>(step, 1), weights, gradient, state, n);
  }
};

static_assert(an_optimizer<adam>);

}  // namespace lamina
