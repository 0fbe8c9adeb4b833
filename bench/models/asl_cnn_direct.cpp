// SPDX-License-Identifier: BSL-1.0
#include <lamina/bench/direct.hpp>
#include <lamina/bench/network.hpp>
#include <models/asl_cnn.hpp>

static const bool rows =
    lamina::bench::register_network<lamina::bench::made_direct<lamina::models::asl_cnn>>(
        "asl_cnn_direct");
