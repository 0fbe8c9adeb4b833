// SPDX-License-Identifier: BSL-1.0
#include "models.hpp"
#include "recipes.hpp"

#include <lamina/io/asl.hpp>
#include <lamina/program/model_of.hpp>
#include <models/asl_mlp.hpp>

void add_asl_mlp(lamina::cli::command_line& to) {
  lamina::cli::add_model<lamina::models::asl_mlp_model>(
      to, "asl-mlp",
      {.data = lamina::asl::load,
       .epochs = 20,
       .recipes = {best_asl_mlp()},
       .course_augmentation = lamina::models::asl_course_augmentation{}});
}
