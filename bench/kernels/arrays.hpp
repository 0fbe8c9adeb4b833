// SPDX-License-Identifier: BSL-1.0
// Optimizers over all parameters of a network, and images into the lanes and back.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "subjects.hpp"

#include <lamina/kernels/layout.hpp>
#include <lamina/train/optimizers.hpp>

namespace bench {

template <class Optimizer>
struct optimizer_step {
  explicit optimizer_step(std::ptrdiff_t n)
      : count(n), weights(numbers(n, 1)), gradient(numbers(n, 2)) {
    for (auto& state : states) state = buffer(static_cast<std::size_t>(n));
  }

  void run() {
    float* at[] = {states[0].data(), states[1].data()};
    Optimizer{}.template update<Arch>(1, weights.data(), static_cast<const float*>(gradient.data()),
                                      at, count);
  }

  /// Downhill.
  bool right() {
    const buffer before = numbers(count, 1);
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      const float change = weights.data()[i] - before.data()[i];
      if (change * gradient.data()[i] > 0 || !std::isfinite(change)) return false;
    }
    return true;
  }

  std::ptrdiff_t count;
  buffer weights, gradient;
  std::array<buffer, 2> states;
};

inline void add_optimizers(std::ptrdiff_t n) {
  const std::string name = "/" + std::to_string(n);
  const auto bytes = [n](int passes) {
    return effort{.operations = 0,
                  .executed = 0,
                  .bytes = 4.0 * passes * static_cast<double>(n),
                  .images = 0};
  };
  add_kernel<optimizer_step<lamina::sgd>>("sgd" + name, bytes(3), n);
  add_kernel<optimizer_step<lamina::rmsprop>>("rmsprop" + name, bytes(5), n);
  add_kernel<optimizer_step<lamina::adam>>("adam" + name, bytes(7), n);
}

/// 16 images of one channel.
template <class From>
struct interleaving {
  explicit interleaving(int n) : pixels(n), images(static_cast<std::size_t>(16 * n)), x(1, n, 1) {
    for (std::size_t i = 0; i < images.size(); ++i) images[i] = static_cast<From>(i % 251);
  }

  void run() {
    const From* rows[lanes];
    for (int l = 0; l < lanes; ++l) rows[l] = images.data() + l * pixels;
    lamina::kernels::interleave<Arch>(rows, pixels, 1, 0.5F, x.block(0));
  }

  bool right() {
    for (int l = 0; l < lanes; ++l) {
      for (int p = 0; p < pixels; ++p) {
        const From from = images[static_cast<std::size_t>(l * pixels + p)];
        if (x.at(l, p) != 0.5F * static_cast<float>(from)) return false;
      }
    }
    return true;
  }

  int pixels;
  std::vector<From> images;
  activations x;
};

struct turning {
  explicit turning(int n)
      : size(n), x(1, n, 1), turned(1, lamina::kernels::transposed_size(n) / lanes, 2) {}
  void run() {
    lamina::kernels::transpose_block<Arch>(size, static_cast<const float*>(x.block(0)),
                                           turned.block(0));
  }
  bool right() {
    for (int l = 0; l < lanes; ++l) {
      for (int i = 0; i < size; ++i) {
        if (turned.block(0)[i / lanes * lanes * lanes + l * lanes + i % lanes] != x.at(l, i))
          return false;
      }
    }
    return true;
  }

  int size;
  activations x, turned;
};

inline void add_layouts(int n) {
  const std::string name = "/" + std::to_string(n);
  const auto bytes = [n](int of_a_value) {
    return effort{.operations = 0, .executed = 0, .bytes = 16.0 * of_a_value * n, .images = 16};
  };
  add_kernel<interleaving<std::uint8_t>>("interleave_bytes" + name, bytes(5), n);
  add_kernel<interleaving<float>>("interleave_floats" + name, bytes(8), n);
  add_kernel<turning>("transpose_block" + name, bytes(8), n);
}

}  // namespace bench
