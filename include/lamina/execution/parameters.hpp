// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <lamina/describe.hpp>
#include <lamina/execution/buffer.hpp>
#include <lamina/network.hpp>
#include <lamina/train/initializers.hpp>

namespace lamina {

/// One tensor of a network's parameters, as a view: its name in files ("2.weight"), its extents in
/// PyTorch's order, and whether gradients change it.
template <class T>
struct named_tensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::span<T> values;
  bool trained = true;
};

namespace execution {

/// Elements of an array that holds all parameters of a network, padding between tensors included.
template <class Net>
inline constexpr std::ptrdiff_t parameter_extent =
    detail::parameter_extent(detail::slots_of<typename Net::located_layers>);

/// Views of the tensors in an array of parameters (or of gradients).
template <class Net, class T>
[[gnu::cold]] std::vector<named_tensor<T>> named_tensors(T* values) {
  const std::vector<layer_description> layers = describe<Net>();
  std::vector<named_tensor<T>> all;
  for (const auto& slot : detail::slots_of<typename Net::located_layers>) {
    const auto& tensor = slot.tensor;
    const std::string& position = layers[static_cast<std::size_t>(slot.layer) + 1].position;
    std::vector<std::size_t> shape(tensor.extents.begin(), tensor.extents.begin() + tensor.rank);
    all.push_back({position + "." + std::string(tensor.name), std::move(shape),
                   std::span<T>{values + slot.offset, tensor.size()}, tensor.trained});
  }
  return all;
}

/// Fills fresh parameters: weights by the initializer, the rest as their layers say.
template <class Net, class T>
void initialize_parameters(T* values, initializer kind, std::uint64_t seed) {
  std::uint64_t stream = 0;
  for (const auto& slot : detail::slots_of<typename Net::located_layers>) {
    const auto& tensor = slot.tensor;
    const initializer how = tensor.begins == initial::weights ? kind
                            : tensor.begins == initial::ones  ? initializer::ones
                                                              : initializer::zeros;
    initialize(how, std::span<T>{values + slot.offset, tensor.size()}, tensor.fan_in,
               tensor.fan_out, seed, stream++);
  }
}

}  // namespace execution

}  // namespace lamina
