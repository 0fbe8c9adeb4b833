// SPDX-License-Identifier: BSL-1.0
// The weights that bench_peers exported, by the names of their tensors.
#pragma once

#include <lamina/lamina.hpp>
#include <models/asl_cnn.hpp>
#include <models/mnist_mlp.hpp>

#include <map>
#include <string>
#include <vector>

namespace peers {

using tensors = std::map<std::string, std::vector<float>>;

template <class Net>
tensors weights_in(const std::string& file) {
  lamina::classifier<Net> reader;
  lamina::load(reader, file);
  tensors all;
  for (const auto& tensor : reader.parameters()) {
    all[tensor.name].assign(tensor.values.begin(), tensor.values.end());
  }
  return all;
}

inline tensors weights_of(const std::string& network, const std::string& file) {
  return network == "mnist_mlp" ? weights_in<lamina::models::mnist_mlp>(file)
                                : weights_in<lamina::models::asl_cnn>(file);
}

}  // namespace peers
