// SPDX-License-Identifier: BSL-1.0
// A program that trains the ASL CNN, tests it and saves it.
#include <lamina/io/asl.hpp>
#include <lamina/lamina.hpp>
#include <models/asl_cnn.hpp>

#include <iostream>

using lamina::models::asl_cnn;

int main(int, char** arguments) {
  const lamina::labelled_data data = lamina::asl::load(arguments[1]);
  lamina::trainer<asl_cnn, lamina::rmsprop> trainer{{.seed = 1}};
  trainer.fit(data.train, {.epochs = 20, .batch = 32});
  std::cout << trainer.evaluate(data.test).accuracy << '\n';
  lamina::save(trainer.classifier(), "asl_cnn.safetensors");
}
