// SPDX-License-Identifier: BSL-1.0
// The language alone: a network and what a file would assert about it.
#include <models/asl_cnn.hpp>

#include <concepts>

using lamina::models::asl_cnn;

static_assert(asl_cnn::parameter_count == 264'049);
static_assert(asl_cnn::trained_parameter_count == 263'749);
static_assert(asl_cnn::multiply_adds == 7'912'538);
static_assert(asl_cnn::flops_forward > 15'000'000);
static_assert(std::same_as<asl_cnn::output_shape, lamina::shape<24>>);
