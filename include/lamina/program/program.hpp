// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/command_line.hpp>
#include <lamina/program/model_of.hpp>

namespace lamina {

/// The program `lamina` with the networks of your choice:
///
///     int main(int argc, char** argv) {
///       lamina::program program;
///       program.add<my_net>("my-net", {.data = lamina::mnist::load, .epochs = 3});
///       return program.run(argc, argv);
///     }
///
/// Part of the compiled library lamina::io.
struct program : cli::command_line {
  template <a_network Net>
  void add(std::string name, model_options options) {
    command_line::add(std::move(name), std::make_unique<cli::model_of<Net>>(), std::move(options));
  }

  /// A model brings its labels, its preprocessing and its augmentation with it.
  template <an_image_model Model>
  void add(std::string name, model_options options) {
    cli::add_model<Model>(*this, std::move(name), std::move(options));
  }
};

}  // namespace lamina
