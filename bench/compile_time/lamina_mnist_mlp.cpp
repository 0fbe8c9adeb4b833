// SPDX-License-Identifier: BSL-1.0
// A program that trains the MNIST MLP, tests it and saves it.
#include <lamina/io/mnist.hpp>
#include <lamina/lamina.hpp>
#include <models/mnist_mlp.hpp>

#include <iostream>

using lamina::models::mnist_mlp;

int main(int, char** arguments) {
  const lamina::labelled_data data = lamina::mnist::load(arguments[1]);
  lamina::trainer<mnist_mlp, lamina::rmsprop> trainer{{.seed = 1}};
  trainer.fit(data.train, {.epochs = 5, .batch = 32});
  std::cout << trainer.evaluate(data.test).accuracy << '\n';
  lamina::save(trainer.classifier(), "mnist_mlp.safetensors");
}
