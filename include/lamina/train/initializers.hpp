// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "lamina/error.hpp"
#include "lamina/random.hpp"
#include "lamina/text.hpp"

namespace lamina {

/// How weights begin (biases begin at zero).
enum class initializer {
  glorot_uniform,  ///< uniform in +-sqrt(6 / (fan_in + fan_out)), Keras' default
  he_uniform,      ///< uniform in +-sqrt(6 / fan_in)
  torch_uniform,   ///< uniform in +-sqrt(1 / fan_in), PyTorch's default for weights
  he_normal,       ///< normal of variance 2 / fan_in, truncated at two deviations as in Keras
  zeros,
  ones
};

/// Names for those that a network can learn from, when one is chosen at run time.
inline constexpr std::array<std::string_view, 4> initializer_names{"glorot-uniform", "he-uniform",
                                                                   "torch-uniform", "he-normal"};

/// The initializer of that name. Throws `error` if there is none.
inline initializer initializer_named(std::string_view name) {
  for (std::size_t i = 0; i < initializer_names.size(); ++i)
    if (initializer_names[i] == name) return static_cast<initializer>(i);
  throw error(detail::joined(
      "initializer: expected glorot-uniform, he-uniform, torch-uniform or he-normal, found '", name,
      "'"));
}

namespace detail {

/// The uniform initializers' largest value; 0 for the others.
inline double uniform_limit(initializer kind, double fan_in, double fan_out) {
  switch (kind) {
    case initializer::glorot_uniform:
      return std::sqrt(6 / (fan_in + fan_out));
    case initializer::he_uniform:
      return std::sqrt(6 / fan_in);
    case initializer::torch_uniform:
      return std::sqrt(1 / fan_in);
    default:
      return 0;
  }
}

}  // namespace detail

/// True with probability exp(-x), x in [0, 1], from uniform numbers alone (J. von Neumann: Various
/// techniques used in connection with random digits, 1951), so that no bit depends on a library's
/// exp.
template <class Generator>
constexpr bool accept_exponentially(Generator& generator, double x) {
  bool odd = true;
  for (;; odd = !odd) {
    const double u = uniform(generator);
    if (u >= x) return odd;
    x = u;
  }
}

/// A draw from the standard normal distribution truncated to [-2, 2].
template <class Generator>
constexpr double truncated_normal(Generator& generator) {
  for (;;) {
    const double x = 4 * uniform(generator) - 2, half = x * x / 4;
    if (accept_exponentially(generator, half) && accept_exponentially(generator, half)) return x;
  }
}

/// Fills one tensor. Each value is a function of (seed, stream, its index) alone, so that any order
/// gives the same bits; `stream` is the tensor's number in its network. The fans of a dense layer
/// are its inputs and outputs, those of a convolution its channels times the taps of its window.
template <class T>
void initialize(initializer kind, std::span<T> values, double fan_in, double fan_out,
                std::uint64_t seed, std::uint64_t stream) {
  const std::uint64_t key =
      random_bits(seed, static_cast<std::uint64_t>(random_stream::weights), stream);
  const double limit = detail::uniform_limit(kind, fan_in, fan_out);
  // the deviation of the standard normal distribution truncated to [-2, 2], as in Keras
  const double deviation = std::sqrt(2 / fan_in) / 0.87962566103423978;
  for (std::size_t i = 0; i < values.size(); ++i) {
    counter_generator generator{key, i};
    double value = kind == initializer::ones ? 1 : 0;
    if (kind == initializer::he_normal)
      value = deviation * truncated_normal(generator);
    else if (limit > 0)
      value = limit * (2 * uniform(generator) - 1);
    values[i] = static_cast<T>(value);
  }
}

}  // namespace lamina
