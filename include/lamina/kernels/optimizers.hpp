// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstring>
#include <limits>

#include "lamina/kernels/simd.hpp"

/// The arithmetic of the optimizers. A rule updates one batch of weights from one batch of their
/// gradient, with `states` batches of memory, so that a kernel that has a gradient in registers can
/// end in it; `update` runs a rule over arrays.
namespace lamina::kernels {

/// Zero where a value is denormal. A weight whose gradient has vanished would otherwise keep a
/// decaying memory among the denormals for ever (0.9 times four of the smallest is rounded to
/// four), and arithmetic on those is slow: twice the time of an update on an AMD Zen 3.
template <class B>
[[gnu::always_inline]] inline B without_denormals(const B& x) {
  using T = typename B::value_type;
  return xsimd::select(xsimd::abs(x) < B(std::numeric_limits<T>::min()), B(T(0)), x);
}

/// w -= rate g
template <class T>
struct plain_descent_rule {
  static constexpr int states = 0;
  T rate;

  template <class B>
  [[gnu::always_inline]] void operator()(B& weight, const B& gradient, B*) const {
    weight = kernels::fma(B(-rate), gradient, weight);
  }
};

/// v = momentum v - rate g; w += v, or with Nesterov's look-ahead w += momentum v - rate g (the
/// form of Keras' SGD).
template <class T, bool Nesterov>
struct momentum_rule {
  static constexpr int states = 1;
  T rate, momentum;

  template <class B>
  [[gnu::always_inline]] void operator()(B& weight, const B& gradient, B* state) const {
    const B step = B(-rate) * gradient;
    state[0] = without_denormals(kernels::fma(B(momentum), state[0], step));
    if constexpr (Nesterov)
      weight = weight + kernels::fma(B(momentum), state[0], step);
    else
      weight = weight + state[0];
  }
};

/// v = rho v + (1 - rho) g^2; w -= rate g / sqrt(v + epsilon), or rate g / (sqrt(v) + epsilon).
template <class T, bool EpsilonInsideRoot>
struct rmsprop_rule {
  static constexpr int states = 1;
  T rate, rho, one_minus_rho, epsilon;

  template <class B>
  [[gnu::always_inline]] void operator()(B& weight, const B& gradient, B* state) const {
    // the larger of the two products is the one that is not rounded
    state[0] =
        without_denormals(kernels::fma(B(rho), state[0], B(one_minus_rho) * gradient * gradient));
    const B step = B(rate) * gradient;
    if constexpr (EpsilonInsideRoot)
      weight = weight - divide(step, kernels::sqrt(state[0] + B(epsilon)));
    else
      weight = weight - divide(step, kernels::sqrt(state[0]) + B(epsilon));
  }
};

/// w = keep w; m += (1 - beta_1) (g - m); v += (1 - beta_2) (g^2 - v);
/// w -= rate m / (sqrt(v) + epsilon), with the corrections for the first steps in rate and epsilon.
template <class T, bool Decay>
struct adam_rule {
  static constexpr int states = 2;
  T rate, one_minus_beta_1, one_minus_beta_2, epsilon, keep;

  template <class B>
  [[gnu::always_inline]] void operator()(B& weight, const B& gradient, B* state) const {
    if constexpr (Decay) weight = weight * B(keep);
    const B change = kernels::fma(gradient, gradient, -state[1]);
    state[0] = without_denormals(kernels::fma(B(one_minus_beta_1), gradient - state[0], state[0]));
    state[1] = without_denormals(kernels::fma(B(one_minus_beta_2), change, state[1]));
    weight = weight - divide(B(rate) * state[0], kernels::sqrt(state[1]) + B(epsilon));
  }
};

/// The loop over n values, n a multiple of the register's; never inlined, so that every weight of a
/// program goes through the same instructions.
template <class Arch, class T, class Rule>
[[gnu::noinline]] void update_registers(Rule rule, T* weights, const T* gradient, T* const* state,
                                        std::ptrdiff_t n) {
  using vector = batch<Arch, T>;
  constexpr std::ptrdiff_t size = width<Arch, T>;
  T* memory[Rule::states + 1];
  for (int s = 0; s < Rule::states; ++s) memory[s] = state[s];
  for (std::ptrdiff_t i = 0; i < n; i += size) {
    vector held[Rule::states + 1];
    for (int s = 0; s < Rule::states; ++s) held[s] = vector::load_unaligned(memory[s] + i);
    vector weight = vector::load_unaligned(weights + i);
    rule(weight, vector::load_unaligned(gradient + i), held);
    weight.store_unaligned(weights + i);
    for (int s = 0; s < Rule::states; ++s) held[s].store_unaligned(memory[s] + i);
  }
}

/// Updates n weights with a rule from their gradient and `Rule::states` arrays of memory. The
/// result does not depend, bit by bit, on how an array is cut into pieces: what does not fill a
/// register goes through the same loop in a padded copy.
template <class Arch, class T, class Rule>
void update(Rule rule, T* weights, const T* gradient, T* const* state, std::ptrdiff_t n) {
  constexpr std::ptrdiff_t size = width<Arch, T>;
  const std::ptrdiff_t whole = n - n % size, rest = n - whole;
  update_registers<Arch>(rule, weights, gradient, state, whole);
  if (rest == 0) return;
  T padded[Rule::states + 2][size] = {};
  T* memory[Rule::states + 1] = {};
  const auto copy = [bytes = static_cast<std::size_t>(rest) * sizeof(T)](T* to, const T* from) {
    std::memcpy(to, from, bytes);
  };
  for (int s = 0; s < Rule::states; ++s) {
    memory[s] = padded[s + 2];
    copy(memory[s], state[s] + whole);
  }
  copy(padded[0], weights + whole);
  copy(padded[1], gradient + whole);
  update_registers<Arch>(rule, padded[0], padded[1], memory, size);
  copy(weights + whole, padded[0]);
  for (int s = 0; s < Rule::states; ++s) copy(state[s] + whole, memory[s]);
}

}  // namespace lamina::kernels
