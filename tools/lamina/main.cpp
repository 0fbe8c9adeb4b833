// SPDX-License-Identifier: BSL-1.0
#include "models.hpp"

int main(int argc, char** argv) {
  lamina::cli::command_line program;
  add_mnist_mlp(program);
  add_mnist_mlp_dropout(program);
  add_mnist_cnn(program);
  add_asl_mlp(program);
  add_asl_cnn(program);
  return program.run(argc, argv);
}
