// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <lamina/layers/infer.hpp>

namespace lamina::detail {

/// A tensor of parameters of a network: of which layer, and where it lies in one array.
struct parameter_slot {
  parameter tensor{};
  int layer = 0;              // index among the layers that blocks were replaced by
  std::ptrdiff_t offset = 0;  // in elements, a multiple of 16
};

template <class Located>
constexpr auto parameters_of() {
  using Layer = typename Located::layer;
  if constexpr (requires { Layer::parameters(typename Located::in{}); }) {
    return Layer::parameters(typename Located::in{});
  } else {
    return no_parameters;
  }
}

template <class Located>
constexpr std::int64_t multiply_adds_of() {
  using Layer = typename Located::layer;
  if constexpr (requires { Layer::multiply_adds(typename Located::in{}); }) {
    return Layer::multiply_adds(typename Located::in{});
  } else {
    return 0;
  }
}

template <class Located>
constexpr std::ptrdiff_t workspace_of() {
  using Layer = typename Located::layer;
  if constexpr (requires { Layer::workspace(typename Located::in{}); }) {
    return static_cast<std::ptrdiff_t>(Layer::workspace(typename Located::in{}));
  } else {
    return 0;
  }
}

template <class... Located>
constexpr auto parameter_slots(list<Located...>) {
  constexpr std::size_t count = (std::size_t{0} + ... + parameters_of<Located>().size());
  std::array<parameter_slot, count> slots{};
  std::size_t next = 0;
  std::ptrdiff_t offset = 0;
  int layer = 0;
  [[maybe_unused]] const auto append = [&](const auto& tensors) {
    for (const parameter& tensor : tensors) {
      slots[next++] = {tensor, layer, offset};
      offset += (static_cast<std::ptrdiff_t>(tensor.size()) + 15) / 16 * 16;
    }
    ++layer;
  };
  (append(parameters_of<Located>()), ...);
  return slots;
}

/// The tensors of all layers, those of the first one first.
template <class Located>
inline constexpr auto slots_of = parameter_slots(Located{});

/// The elements of the array that holds all of the slots.
template <std::size_t Count>
constexpr std::ptrdiff_t parameter_extent(const std::array<parameter_slot, Count>& slots) {
  if constexpr (Count == 0) {
    return 0;
  } else {
    const auto& last = slots[Count - 1];
    return last.offset + (static_cast<std::ptrdiff_t>(last.tensor.size()) + 15) / 16 * 16;
  }
}

}  // namespace lamina::detail
