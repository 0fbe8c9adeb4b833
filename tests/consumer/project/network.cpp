// SPDX-License-Identifier: BSL-1.0
// A network of the user's own: its shapes, and a few steps of training.
#include <array>
#include <concepts>
#include <cstdint>

#include <lamina/lamina.hpp>
#include <models/mnist_mlp.hpp>

static_assert(lamina::models::mnist_mlp::parameter_count == 669'706);

using namespace lamina;

using net = network<input<4, 4, 1>, flatten, dense<8>, relu, dense<2>, softmax>;

static_assert(std::same_as<net::output_shape, shape<2>>);
static_assert(net::parameter_count == 16 * 8 + 8 + 8 * 2 + 2);

int main() {
  // Dark images are of class 0, bright ones of class 1.
  constexpr std::size_t images = 32;
  std::array<std::uint8_t, images * 16> pixels;
  std::array<std::uint8_t, images> labels;
  for (std::size_t i = 0; i < pixels.size(); ++i) {
    labels[i / 16] = static_cast<std::uint8_t>(i / 16 % 2);
    pixels[i] = static_cast<std::uint8_t>(150 * labels[i / 16] + i * 7 % 100);
  }
  const examples all{.image_size = 16, .pixels = pixels, .labels = labels};
  trainer<net, rmsprop> student{{.seed = 1, .optimizer = {.learning_rate = 0.01}}};
  student.fit(all, {.epochs = 20, .batch = 8});
  return student.evaluate(all).accuracy == 1.0 ? 0 : 1;
}
