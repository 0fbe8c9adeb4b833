// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <lamina/data/examples.hpp>
#include <lamina/random.hpp>

namespace lamina::bench {

/// Made-up images to run a network on. Each comes twice, with two labels, so that a loss falls but
/// never vanishes, however long a row trains: gradients stay of a size that real ones have.
class made_up_examples {
 public:
  made_up_examples(std::size_t count, std::size_t image_size, std::size_t classes)
      : image_size_(image_size), values_(count * image_size), labels_(count) {
    const std::size_t distinct = (count + 1) / 2;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const std::size_t image = i / image_size % distinct;
      values_[i] = number(image * image_size + i % image_size);
    }
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t label = i % distinct + i / distinct;
      labels_[i] = static_cast<std::uint8_t>(label % (classes < 256 ? classes : 256));
    }
  }

  examples view() const { return examples::of(values_, image_size_, labels_); }

 private:
  /// From 0 to 1, about every other one zero, as in drawings.
  static float number(std::size_t index) {
    const std::uint64_t bits = random_bits(1, 0, index);
    return bits % 2 == 0 ? 0.0F : static_cast<float>(uniform(bits));
  }

  std::size_t image_size_;
  std::vector<float> values_;
  std::vector<std::uint8_t> labels_;
};

}  // namespace lamina::bench
