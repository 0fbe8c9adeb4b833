// SPDX-License-Identifier: BSL-1.0
#include "models.hpp"
#include "recipes.hpp"

#include <lamina/io/mnist.hpp>
#include <lamina/program/model_of.hpp>
#include <models/mnist_mlp_dropout.hpp>

void add_mnist_mlp_dropout(lamina::cli::command_line& to) {
  lamina::cli::add_model<lamina::models::mnist_mlp_dropout_model>(
      to, "mnist-mlp-dropout",
      {.data = lamina::mnist::load, .epochs = 20, .recipes = {best_mnist_mlp_dropout()}});
}
