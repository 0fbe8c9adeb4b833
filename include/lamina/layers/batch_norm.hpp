// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <type_traits>

#include <lamina/layers/kind.hpp>
#include <lamina/layers/options.hpp>
#include <lamina/shape.hpp>

namespace lamina {

namespace detail {

template <auto Value>
inline constexpr bool is_real = std::same_as<std::remove_cv_t<decltype(Value)>, double>;

}  // namespace detail

namespace layers {

template <auto Value>
struct momentum {
  static constexpr auto value = Value;
};

template <auto Value>
struct epsilon {
  static constexpr auto value = Value;
};

}  // namespace layers

/// Option of `batch_norm`: the moving statistics keep this much of themselves at each step.
template <auto Value>
using momentum = layers::momentum<detail::real<Value>()>;

/// Option of `batch_norm`: added to the variance under the root.
template <auto Value>
using epsilon = layers::epsilon<detail::real<Value>()>;

namespace layers {

template <class... Options>
struct batch_norm {
  static constexpr auto kind = layer_kind::normalisation;

  template <class Option>
  struct reads {
    static constexpr int momenta = 0;
    static constexpr int epsilons = 0;
    static constexpr bool good = true;
  };
  template <auto Value>
  struct reads<layers::momentum<Value>> {
    static constexpr int momenta = 1;
    static constexpr int epsilons = 0;
    static constexpr double value = detail::is_real<Value> ? static_cast<double>(Value) : -1.0;
    static constexpr bool good = value >= 0 && value < 1;
  };
  template <auto Value>
  struct reads<layers::epsilon<Value>> {
    static constexpr int momenta = 0;
    static constexpr int epsilons = 1;
    static constexpr double value = detail::is_real<Value> ? static_cast<double>(Value) : -1.0;
    static constexpr bool good = value > 0;
  };

  static constexpr int momenta = (0 + ... + reads<Options>::momenta);
  static constexpr int epsilons = (0 + ... + reads<Options>::epsilons);

  static constexpr double momentum = [] {
    double value = 0.99;
    (
        [&] {
          if constexpr (reads<Options>::momenta == 1) value = reads<Options>::value;
        }(),
        ...);
    return value;
  }();
  static constexpr double epsilon = [] {
    double value = 1e-3;
    (
        [&] {
          if constexpr (reads<Options>::epsilons == 1) value = reads<Options>::value;
        }(),
        ...);
    return value;
  }();

  template <int... Extents>
  static constexpr auto output(shape<Extents...> in) {
    if constexpr (momenta + epsilons != static_cast<int>(sizeof...(Options))) {
      return refuses<rule::this_option_is_unknown_here>{};
    } else if constexpr (momenta > 1 || epsilons > 1) {
      return refuses<rule::an_option_is_given_once>{};
    } else if constexpr (!(... && (reads<Options>::momenta == 0 || reads<Options>::good))) {
      return refuses<rule::the_momentum_is_at_least_0_and_less_than_1>{};
    } else if constexpr (!(... && reads<Options>::good)) {
      return refuses<rule::the_epsilon_is_greater_than_0>{};
    } else {
      return in;
    }
  }

  template <int... Extents>
  static constexpr std::array<parameter, 4> parameters(shape<Extents...> in) {
    using namespace std::string_view_literals;
    constexpr int channels = detail::extents_of(decltype(in){}).channels;
    return {parameter{"weight"sv, {channels}, 1, initial::ones},
            parameter{"bias"sv, {channels}, 1, initial::zeros},
            parameter{"running_mean"sv, {channels}, 1, initial::zeros, false},
            parameter{"running_var"sv, {channels}, 1, initial::ones, false}};
  }
};

}  // namespace layers

/// Batch normalisation (Ioffe, Szegedy 2015): y = weight (x - mean) / sqrt(variance + epsilon) +
/// bias for each channel; in training over the batch and all pixels, elsewhere by the moving
/// statistics. The shape stays. Options: `momentum<0.99>`, `epsilon<1e-3>`, Keras' defaults; the
/// moving variance is the biased one, as in Keras.
template <class... Options>
using batch_norm = layers::batch_norm<Options...>;

}  // namespace lamina
