// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include <lamina/describe.hpp>
#include <lamina/execution/buffer.hpp>
#include <lamina/network.hpp>
#include <lamina/tensor.hpp>
#include <lamina/train/initializers.hpp>

namespace lamina {

namespace execution {

/// Elements of an array that holds all parameters of a network, padding between tensors included.
template <class Net>
inline constexpr std::ptrdiff_t parameter_extent =
    detail::parameter_extent(detail::slots_of<typename Net::located_layers>);

/// The paths of all layers, "1", "2.1", as they begin the names of their tensors.
template <class... Located>
std::vector<std::string> layer_positions(detail::list<Located...>) {
  std::vector<std::string> all(sizeof...(Located));
  [[maybe_unused]] auto next = all.begin();
  (detail::append_position(*next++, typename Located::at{}), ...);
  return all;
}

template <class T>
std::vector<named_tensor<T>> named_slots(std::span<const detail::parameter_slot> slots,
                                         const std::vector<std::string>& positions, T* values) {
  std::vector<named_tensor<T>> all(slots.size());
  auto next = all.begin();
  for (const auto& [tensor, layer, offset] : slots) {
    next->name = detail::joined(positions[static_cast<std::size_t>(layer)], '.',
                                std::string_view(tensor.name));
    for (int axis = 0; axis < tensor.rank; ++axis)
      next->shape.push_back(
          static_cast<std::size_t>(tensor.extents[static_cast<std::size_t>(axis)]));
    next->values = {values + offset, tensor.size()};
    next++->trained = tensor.trained;
  }
  return all;
}

/// Views of the tensors in an array of parameters (or of gradients).
template <class Net, class T>
std::vector<named_tensor<T>> named_tensors(T* values) {
  using layers = typename Net::located_layers;
  return named_slots(detail::slots_of<layers>, layer_positions(layers{}), values);
}

template <class T>
void initialize_slots(std::span<const detail::parameter_slot> slots, T* values, initializer kind,
                      std::uint64_t seed) {
  std::uint64_t stream = 0;
  for (const auto& slot : slots) {
    const auto& tensor = slot.tensor;
    const initializer how = tensor.begins == initial::weights ? kind
                            : tensor.begins == initial::ones  ? initializer::ones
                                                              : initializer::zeros;
    initialize(how, std::span<T>{values + slot.offset, tensor.size()}, tensor.fan_in,
               tensor.fan_out, seed, stream++);
  }
}

/// Fills fresh parameters: weights by the initializer, the rest as their layers say.
template <class Net, class T>
void initialize_parameters(T* values, initializer kind, std::uint64_t seed) {
  initialize_slots(detail::slots_of<typename Net::located_layers>, values, kind, seed);
}

}  // namespace execution

}  // namespace lamina
