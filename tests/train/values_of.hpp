// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>
#include <vector>

namespace lamina::test {

/// The values of all these tensors, one after the other.
template <class Tensors>
auto values_of_all(const Tensors& tensors) {
  std::vector<std::remove_cvref_t<decltype(tensors[0].values[0])>> all;
  for (const auto& tensor : tensors)
    all.insert(all.end(), tensor.values.begin(), tensor.values.end());
  return all;
}

/// Those of a trainer's or a model's parameters.
template <class From>
auto values_of(From& from) {
  return values_of_all(from.parameters());
}

}  // namespace lamina::test
