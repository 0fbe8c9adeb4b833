// SPDX-License-Identifier: BSL-1.0
#include <lamina/bench/network.hpp>
#include <models/asl_mlp.hpp>

static const bool rows = lamina::bench::register_network<lamina::models::asl_mlp>("asl_mlp");
