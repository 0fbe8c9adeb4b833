// SPDX-License-Identifier: BSL-1.0
#pragma once

/// The language and the run time; `<lamina/network.hpp>` is the language alone. Of io/ there are
/// the declarations of mnist::load and asl::load: a program that calls them links lamina::io.

#include <lamina/augment/policy.hpp>
#include <lamina/data/examples.hpp>
#include <lamina/data/idx.hpp>
#include <lamina/data/sign_mnist.hpp>
#include <lamina/describe.hpp>
#include <lamina/error.hpp>
#include <lamina/io/asl.hpp>
#include <lamina/io/mnist.hpp>
#include <lamina/network.hpp>
#include <lamina/serialize/checkpoint.hpp>
#include <lamina/train/check_gradients.hpp>
#include <lamina/train/classifier.hpp>
#include <lamina/train/trainer.hpp>
