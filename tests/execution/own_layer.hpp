// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>

#include <lamina/layers/kind.hpp>

/// A layer that the library does not know: y = gain x + offset with one learnt gain and offset.
struct affine {
  static constexpr auto output(auto in) { return in; }
  static constexpr auto parameters(auto) {
    return std::array{lamina::parameter{"gain", {1}, 1, lamina::initial::ones},
                      lamina::parameter{"offset", {1}}};
  }
  static constexpr std::size_t workspace(auto) { return 0; }
  static void forward(auto pass) {
    const auto gain = pass.parameters[0][0], offset = pass.parameters[1][0];
    for (std::size_t i = 0; i < pass.input.size(); ++i)
      pass.output[i] = gain * pass.input[i] + offset;
  }
  static void backward(auto pass) {
    for (std::size_t i = 0; i < pass.input.size(); ++i) {
      pass.parameter_gradients[0][0] += pass.output_gradient[i] * pass.input[i];
      pass.parameter_gradients[1][0] += pass.output_gradient[i];
    }
    for (std::size_t i = 0; i < pass.input_gradient.size(); ++i) {
      pass.input_gradient[i] = pass.parameters[0][0] * pass.output_gradient[i];
    }
  }
};

/// An activation of one's own: y = x / (1 + |x|), whose derivative is (1 - |y|)^2. As it says what
/// it is, it is fused behind a product like relu.
struct softsign {
  static constexpr auto kind = lamina::layer_kind::activation;
  static constexpr auto output(auto in) { return in; }
  auto operator()(auto x) const {
    using std::abs;
    return x / (decltype(x)(1) + abs(x));
  }
  auto gradient(auto y, auto dy) const {
    using std::abs;
    const auto rest = decltype(y)(1) - abs(y);
    return dy * rest * rest;
  }
};
