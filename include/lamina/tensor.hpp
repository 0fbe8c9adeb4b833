// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

namespace lamina {

/// A named view of a network's weights, in the order of the last index fastest. In files, names are
/// "<position>.weight", ".bias", ".running_mean" and ".running_var"; the shapes are PyTorch's.
template <class T>
struct named_tensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::span<T> values;
  bool trained = true;  // whether gradients change it
};

/// One of a file.
using tensor = named_tensor<float>;

}  // namespace lamina
