// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/train/check_gradients.hpp>

#include <doctest/doctest.h>

namespace lamina::test {

/// Fused and layer by layer; `seed` draws a batch away from kinks.
template <class Net>
void holds(std::uint64_t seed = 1) {
  for (const int batch : {1, 3, 16, 17}) {
    CAPTURE(batch);
    const gradient_check_options how{
        .batch = batch, .seed = seed, .step = 1e-5, .most_of_a_tensor = 12};
    const auto fused = check_gradients<Net>(how);
    const auto unfused = check_gradients<Net, cross_entropy, fusion_mode::none>(how);
    INFO(fused.tensor << ", " << unfused.tensor);
    CHECK(fused.compared > 0);
    CHECK(fused.largest_error < 1e-6);
    CHECK(unfused.largest_error < 1e-6);
  }
}

}  // namespace lamina::test
