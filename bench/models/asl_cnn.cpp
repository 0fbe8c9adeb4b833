// SPDX-License-Identifier: BSL-1.0
#include <lamina/bench/network.hpp>
#include <models/asl_cnn.hpp>

static const bool rows = lamina::bench::register_network<lamina::models::asl_cnn>(
    "asl_cnn", {.augmentation = lamina::models::asl_augmentation::plan});
