// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/check_gradients.hpp>

#include <doctest/doctest.h>

using namespace lamina;

namespace {

/// The layers behind a convolution, which needs their input's gradient, and before a dense layer.
template <class... Layers>
void holds(std::uint64_t seed = 1) {
  using net = network<input<7, 6, 2>, conv2d<3, window<2>>, hyperbolic_tangent, Layers..., flatten,
                      dense<3>, softmax>;
  for (const int batch : {1, 3, 16, 17}) {
    CAPTURE(batch);
    const gradient_check_options how{
        .batch = batch, .seed = seed, .step = 1e-5, .most_of_a_tensor = 10};
    const auto fused = check_gradients<net>(how);
    INFO(fused.tensor);
    CHECK(fused.largest_error < 1e-6);
  }
}

}  // namespace

TEST_CASE("gradients of convolutions of every window, stride and padding") {
  holds<conv2d<4, window<1>>>();
  holds<conv2d<6, window<3>, same>>();
  holds<conv2d<2, window<5>, same>>();
  holds<conv2d<2, window<7>, same>>();
  holds<conv2d<3, window<2, 4>, same>>();
  holds<conv2d<3, window<3>, stride<2>, same>>();
  holds<conv2d<3, window<3, 1>, stride<1, 2>>>();
}

TEST_CASE("gradients of pools") {
  holds<max_pool<2>>();
  holds<max_pool<3, stride<2>, same>>();
  holds<max_pool<3, stride<1>>>();
  holds<average_pool<2, same>>();
  holds<average_pool<3, stride<2>, same>>();
  holds<average_pool<3, stride<1, 2>>>();
  holds<global_average_pool>();
}

TEST_CASE("gradients of activations behind nothing that they fuse with") {
  holds<average_pool<2>, relu>();
  holds<average_pool<2>, leaky_relu<0.2>>();
  holds<average_pool<2>, sigmoid>();
  holds<average_pool<2>, hyperbolic_tangent, dropout<0.25>>();
}
