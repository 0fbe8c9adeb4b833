// SPDX-License-Identifier: BSL-1.0
#include "network.hpp"

#include <models/asl_cnn.hpp>

static const bool registered = bench::register_kernels<lamina::models::asl_cnn>();
