// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <span>
#include <vector>

#include <lamina/execution/batch.hpp>
#include <lamina/execution/engine.hpp>
#include <lamina/network.hpp>

namespace reference {

/// A network in double whose passes are run one by one: any batch in, any gradient of the output
/// in, every value out. Images are (image, channel, y, x).
template <class Net, lamina::fusion_mode Mode = lamina::fusion_mode::training>
class subject {
 public:
  static constexpr std::size_t inputs = static_cast<std::size_t>(Net::input_shape::size);
  static constexpr std::size_t outputs = static_cast<std::size_t>(Net::output_shape::size);

  explicit subject(int images)
      : memory_(images, outputs, 0),
        parameters_(extent),
        gradients_(extent),
        fixed_(static_cast<std::size_t>(blueprint::fixed[blueprint::layer_count])),
        batch_(memory_.frame_of(images, parameters_.data(), gradients_.data(), fixed_.data())) {}

  /// Parameter tensor number `slot` of the network.
  std::span<double> parameter(std::size_t slot) { return view(parameters_.data(), slot); }
  std::span<double> gradient(std::size_t slot) { return view(gradients_.data(), slot); }
  static constexpr std::size_t parameter_tensors() { return slots.size(); }

  std::vector<double> forward(std::span<const double> images, bool training) {
    batch_.training = training;
    scatter(images, inputs, batch_.at(blueprint::memory.value[0]), garbage);
    engine::prepare(batch_);
    if constexpr (Mode == lamina::fusion_mode::inference) {
      engine::infer(batch_);
    } else {
      engine::forward(batch_);
    }
    return gather(outputs, batch_.at(blueprint::memory.value[blueprint::code.result()]));
  }

  /// Call after `forward`; fills the parameters' gradients.
  void backward(std::span<const double> output_gradient) {
    scatter(output_gradient, outputs,
            batch_.at(blueprint::memory.gradient[blueprint::code.result()]), 0);
    engine::backward(batch_, {});
  }

  /// The gradient at what leaves the first layer.
  std::vector<double> first_gradient() {
    constexpr auto first = blueprint::code.operations[0].output;
    return gather(static_cast<std::size_t>(blueprint::code.value_size[first]),
                  batch_.at(blueprint::memory.gradient[first]));
  }

 private:
  using blueprint = lamina::detail::blueprint<typename Net::located_layers, Mode>;
  using engine = lamina::execution::engine<blueprint, double, lamina::kernels::native>;
  static constexpr auto& slots = lamina::detail::slots_of<typename Net::located_layers>;
  static constexpr std::size_t extent =
      static_cast<std::size_t>(lamina::detail::parameter_extent(slots));
  static constexpr std::size_t lanes = lamina::kernels::lanes;
  static constexpr double garbage = 3;  // in the lanes beyond the batch

  static std::span<double> view(double* values, std::size_t slot) {
    return {values + slots[slot].offset, slots[slot].tensor.size()};
  }

  std::size_t images() const { return static_cast<std::size_t>(batch_.images); }

  void scatter(std::span<const double> from, std::size_t size, lamina::kernels::blocked<double> to,
               double beyond) {
    for (int block = 0; block < batch_.blocks(); ++block) {
      for (std::size_t at = 0; at < size * lanes; ++at) {
        const std::size_t image = static_cast<std::size_t>(block) * lanes + at % lanes;
        to.block(block)[at] = image < images() ? from[image * size + at / lanes] : beyond;
      }
    }
  }

  std::vector<double> gather(std::size_t size, lamina::kernels::blocked<double> from) const {
    std::vector<double> to(images() * size);
    for (std::size_t image = 0; image < images(); ++image) {
      const double* block = from.block(static_cast<int>(image / lanes));
      for (std::size_t i = 0; i < size; ++i)
        to[image * size + i] = block[i * lanes + image % lanes];
    }
    return to;
  }

  lamina::execution::batch_memory<blueprint, double, lamina::kernels::native> memory_;
  lamina::execution::buffer<double> parameters_, gradients_, fixed_;
  lamina::execution::frame<double> batch_;
};

}  // namespace reference
