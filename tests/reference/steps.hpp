// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <lamina/train/trainer.hpp>

#include "reference/vectors.hpp"

/// Ten training steps of a network from weights, images and labels that both sides compute from the
/// same formulas (README.md).
namespace reference {

/// 32 bits of a whole number: lowbias32 (C. Wellons, hash-prospector).
inline std::uint32_t scramble(std::uint32_t x) {
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

/// The 32 images of each of ten steps and their labels.
struct step_images {
  static constexpr std::uint32_t steps = 10, size = 784, images = 32 * steps;
  std::vector<std::uint8_t> pixels, labels;

  explicit step_images(std::uint32_t classes) : pixels(images * size), labels(images) {
    for (std::uint32_t i = 0; i < images * size; ++i)
      pixels[i] = static_cast<std::uint8_t>(scramble(0xa0000000u + i) >> 24);
    for (std::uint32_t i = 0; i < images; ++i)
      labels[i] = static_cast<std::uint8_t>(scramble(0xb0000000u + i) % classes);
  }

  operator lamina::examples() const {
    return lamina::examples::of(pixels, size, std::span<const std::uint8_t>{labels});
  }
};

/// The first weights: biases zero, the rest uniform in +-sqrt(6 / (fan_in + fan_out)).
template <class T>
void set_first_weights(const std::vector<lamina::named_tensor<T>>& tensors) {
  std::uint32_t number = 0;
  for (const auto& tensor : tensors) {
    if (tensor.shape.size() < 2) continue;  // a bias, or a normalisation's, as they begin
    std::size_t taps = 1;
    for (std::size_t axis = 2; axis < tensor.shape.size(); ++axis) taps *= tensor.shape[axis];
    const double limit =
        std::sqrt(6 / static_cast<double>((tensor.shape[0] + tensor.shape[1]) * taps));
    for (std::size_t i = 0; i < tensor.values.size(); ++i) {
      const std::uint32_t bits = scramble((number << 24) + static_cast<std::uint32_t>(i)) >> 8;
      tensor.values[i] = static_cast<T>(limit * (static_cast<double>(bits) / 8388608 - 1));
    }
    ++number;
  }
}

/// What a tensor may be apart from PyTorch's, as the norm of the difference over the norm, and a
/// loss, relative.
struct nearness {
  double loss, weights;
};

template <class T>
void check_weights(const lamina::named_tensor<T>& tensor, const std::string& name, double within) {
  const std::size_t stride = (tensor.values.size() / 128) | 1;
  const std::vector<double> expected = numbers(name + "/sample");
  double apart = 0, whole = 0, norm = 0;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const double found = static_cast<double>(tensor.values[i * stride]);
    apart = std::hypot(apart, found - expected[i]);
    whole = std::hypot(whole, expected[i]);
  }
  for (const T value : tensor.values)
    norm += static_cast<double>(value) * static_cast<double>(value);
  INFO(name);
  REQUIRE(expected.size() == (tensor.values.size() - 1) / stride + 1);
  CHECK(apart <= within * whole);
  CHECK(std::sqrt(norm) == doctest::Approx(numbers(name + "/norm")[0]).epsilon(within));
}

/// Ten steps of the run `name` of vectors.safetensors.
template <class Net, class T>
void check_ten_steps(const std::string& name, const lamina::rmsprop& optimizer, nearness within) {
  lamina::trainer<Net, lamina::rmsprop, lamina::cross_entropy, T> trainer{{.optimizer = optimizer}};
  set_first_weights(trainer.parameters());
  const std::vector<double> losses = numbers(name + "/loss");
  const step_images images{static_cast<std::uint32_t>(Net::output_shape::size)};
  const auto check_loss = [&](const lamina::batch_record& step) {
    INFO(name << ", step " << step.step);
    CHECK(step.loss == doctest::Approx(losses[step.step - 1]).epsilon(within.loss));
  };
  trainer.fit(images, {.epochs = 1, .batch = 32, .shuffle = false, .on_batch = check_loss});
  CHECK(trainer.steps_done() == 10);
  for (const auto& tensor : trainer.parameters()) {
    check_weights(tensor, name + "/" + tensor.name, within.weights);
  }
}

/// RMSprop as Keras has it, and as PyTorch.
inline constexpr lamina::rmsprop keras_form{.learning_rate = 1e-3, .rho = 0.9, .epsilon = 1e-7};
inline constexpr lamina::rmsprop pytorch_form{.learning_rate = 1e-3,
                                              .rho = 0.9,
                                              .epsilon = 1e-7,
                                              .place = lamina::epsilon_place::beside_root};

inline constexpr nearness in_double{1e-9, 1e-7};
inline constexpr nearness in_float{1e-5, 1e-4};

}  // namespace reference
