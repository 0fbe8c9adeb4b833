// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstdint>

#include <lamina/lamina.hpp>

/// A network with a kernel of each kind, and 20 images for it.
namespace linkage {

using small_network =
    lamina::network<lamina::input<12, 12, 1>, lamina::conv2d<16, lamina::window<3>, lamina::same>,
                    lamina::relu, lamina::batch_norm<>, lamina::max_pool<2>,
                    lamina::conv2d<16, lamina::window<3>>, lamina::relu, lamina::flatten,
                    lamina::dense<4>, lamina::relu, lamina::dense<2>, lamina::softmax>;

inline constexpr int images = 20;

struct examples {
  std::array<std::uint8_t, images * 144> pixels{};
  std::array<std::uint8_t, images> labels{};

  constexpr examples() {
    for (std::size_t i = 0; i < pixels.size(); ++i) {
      pixels[i] = static_cast<std::uint8_t>((i * 37 + i / 144 * 11) % 256);
    }
    for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i % 2;
  }

  operator lamina::examples() const {
    return {.image_size = 144, .pixels = pixels, .labels = labels};
  }
};

/// The loss on the images after three epochs.
inline double loss_after_training() {
  static constexpr examples few;
  lamina::trainer<small_network> trainer{{.seed = 1}};
  trainer.fit(few, {.epochs = 3, .batch = 8});
  return trainer.evaluate(few).loss;
}

}  // namespace linkage
