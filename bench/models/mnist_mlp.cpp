// SPDX-License-Identifier: BSL-1.0
#include <lamina/bench/network.hpp>
#include <models/mnist_mlp.hpp>

static const bool rows = lamina::bench::register_network<lamina::models::mnist_mlp>("mnist_mlp");
