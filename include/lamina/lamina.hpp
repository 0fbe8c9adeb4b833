// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The language and the run time; `<lamina/network.hpp>` is the language alone.

#include <lamina/data/examples.hpp>
#include <lamina/describe.hpp>
#include <lamina/error.hpp>
#include <lamina/network.hpp>
#include <lamina/serialize/weights.hpp>
#include <lamina/train/check_gradients.hpp>
#include <lamina/train/classifier.hpp>
#include <lamina/train/trainer.hpp>
