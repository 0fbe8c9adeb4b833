// SPDX-License-Identifier: BSL-1.0
#include "network.hpp"

#include <models/asl_mlp.hpp>

static const bool registered = bench::register_kernels<lamina::models::asl_mlp>();
