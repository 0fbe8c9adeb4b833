// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>

namespace lamina {

/// One layer of a network as values: its position ("3", in a block a path, "4.2"), the layer as it
/// is written ("dense<512>"), the shape that leaves it ("512"), its parameters and its
/// multiply-adds for one image.
struct layer_description {
  std::string position, layer, output;
  std::size_t parameters = 0, multiply_adds = 0;

  friend bool operator==(const layer_description&, const layer_description&) = default;
};

}  // namespace lamina
