// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/train/optimizers/adam.hpp"
#include "lamina/train/optimizers/adamw.hpp"
#include "lamina/train/optimizers/any.hpp"
#include "lamina/train/optimizers/optimizer.hpp"
#include "lamina/train/optimizers/rmsprop.hpp"
#include "lamina/train/optimizers/sgd.hpp"
