// SPDX-License-Identifier: BSL-1.0
#include "models.hpp"
#include "recipes.hpp"

#include <lamina/io/asl.hpp>
#include <lamina/program/model_of.hpp>
#include <models/asl_mlp.hpp>

void add_asl_mlp(lamina::cli::command_line& to) {
  to.add("asl-mlp", std::make_unique<lamina::cli::model_of<lamina::models::asl_mlp>>(),
         {.data = lamina::asl::load, .epochs = 20, .best = best_asl_mlp()});
}
