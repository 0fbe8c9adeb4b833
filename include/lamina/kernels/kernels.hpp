// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/batch_norm.hpp"
#include "lamina/kernels/conv2d_backward_input.hpp"
#include "lamina/kernels/conv2d_forward.hpp"
#include "lamina/kernels/conv2d_pack.hpp"
#include "lamina/kernels/conv2d_weights.hpp"
#include "lamina/kernels/dense.hpp"
#include "lamina/kernels/dense_weights.hpp"
#include "lamina/kernels/dropout.hpp"
#include "lamina/kernels/layout.hpp"
#include "lamina/kernels/pool.hpp"
#include "lamina/kernels/reduce.hpp"
#include "lamina/kernels/simd.hpp"
#include "lamina/kernels/softmax.hpp"
#include "lamina/kernels/types.hpp"
