// SPDX-License-Identifier: BSL-1.0
#include "models.hpp"
#include "recipes.hpp"

#include <lamina/io/asl.hpp>
#include <lamina/program/model_of.hpp>
#include <models/asl_cnn.hpp>

void add_asl_cnn(lamina::cli::command_line& to) {
  lamina::cli::add_model<lamina::models::asl_cnn_model>(
      to, "asl-cnn",
      {.data = lamina::asl::load,
       .epochs = 20,
       .recipes = {best_asl_cnn(), fast_asl_cnn()},
       .course_augmentation = lamina::models::asl_course_augmentation{}});
}
