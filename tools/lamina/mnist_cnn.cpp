// SPDX-License-Identifier: BSL-1.0
#include "models.hpp"
#include "recipes.hpp"

#include <lamina/io/mnist.hpp>
#include <lamina/program/model_of.hpp>
#include <models/mnist_cnn.hpp>

void add_mnist_cnn(lamina::cli::command_line& to) {
  lamina::cli::add_model<lamina::models::mnist_cnn_model>(
      to, "mnist-cnn",
      {.data = lamina::mnist::load, .epochs = 20, .recipes = {best_mnist_cnn(), fast_mnist_cnn()}});
}
