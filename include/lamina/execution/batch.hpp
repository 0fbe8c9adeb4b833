// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include <lamina/data/examples.hpp>
#include <lamina/error.hpp>
#include <lamina/execution/buffer.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/loss.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/kernels/layout.hpp>

namespace lamina::execution {

/// The memory of a batch of up to `capacity` images for one blueprint: activations, and what is
/// known of each image.
template <class Blueprint, class T, class Arch>
class batch_memory {
 public:
  static constexpr detail::extents input = [] {
    if constexpr (Blueprint::layer_count == 0) {
      return detail::extents{};
    } else {
      return detail::extents_of(
          typename detail::located_at<typename Blueprint::located, 0>::type::in{});
    }
  }();
  static constexpr std::ptrdiff_t stride = Blueprint::block_values * lanes;

  batch_memory() = default;

  batch_memory(int capacity, std::size_t outputs, std::size_t scratch_of_a_block)
      : capacity_{(capacity + lanes - 1) / lanes * lanes},
        arena_(static_cast<std::size_t>(capacity_ / lanes) * static_cast<std::size_t>(stride)),
        labels_(images()),
        targets_(scratch_of_a_block == 0 ? 0 : images() * outputs),
        losses_(images()),
        right_(images()),
        samples_(images()),
        scratch_(images() / lanes * scratch_of_a_block) {}

  int capacity() const { return capacity_; }
  std::size_t arena_bytes() const { return arena_.size() * sizeof(T); }

  frame<T> frame_of(int count, T* parameters, T* gradients, T* fixed) {
    frame<T> batch;
    batch.arena = arena_.data();
    batch.block_stride = stride;
    batch.images = count;
    batch.parameters = parameters;
    batch.gradients = gradients;
    batch.fixed = fixed;
    batch.samples = samples_.data();
    return batch;
  }

  /// Brings images into the lanes: the ones that `order` names from `first` on, or without an order
  /// the ones at `first`, `first` + 1, …
  void gather(const frame<T>& batch, const examples& from, const std::uint32_t* order,
              std::size_t first) {
    for (int i = 0; i < batch.images; ++i) {
      const std::size_t place = first + static_cast<std::size_t>(i);
      const std::size_t sample = order == nullptr ? place : order[place];
      samples_.data()[i] = static_cast<std::uint32_t>(sample);
      if (!from.labels.empty()) labels_.data()[i] = from.labels[sample];
      for (std::size_t k = 0; k < from.target_size && targets_.size() != 0; ++k) {
        targets_.data()[static_cast<std::size_t>(i) * from.target_size + k] =
            static_cast<T>(from.targets[sample * from.target_size + k]);
      }
    }
    run_pieces(batch.blocks(), [&](int block) { interleave_block(batch, from, block); });
  }

  verdict<T> judged(const examples& from) {
    return {from.labels.empty() ? nullptr : labels_.data(),
            from.targets.empty() ? nullptr : targets_.data(), losses_.data(), right_.data(),
            scratch_.data()};
  }

 private:
  std::size_t images() const { return static_cast<std::size_t>(capacity_); }

  void interleave_block(const frame<T>& batch, const examples& from, int block) {
    T* x = batch.at(Blueprint::memory.value[0]).block(block);
    const std::uint8_t* pixels[lanes] = {};
    const float* values[lanes] = {};
    for (int lane = 0; lane < lanes && block * lanes + lane < batch.images; ++lane) {
      const image_view image = from.image(samples_.data()[block * lanes + lane]);
      pixels[lane] = image.pixels.empty() ? nullptr : image.pixels.data();
      values[lane] = image.values.empty() ? nullptr : image.values.data();
    }
    if (from.values.empty()) {
      kernels::interleave<Arch>(pixels, input.pixels(), input.channels, T{1} / T{255}, x);
    } else {
      kernels::interleave<Arch>(values, input.pixels(), input.channels, T{1}, x);
    }
  }

  int capacity_ = 0;
  buffer<T> arena_;
  buffer<int> labels_;
  buffer<T> targets_;
  buffer<T> losses_;
  buffer<std::uint8_t> right_;
  buffer<std::uint32_t> samples_;
  buffer<T> scratch_;
};

/// Throws `error` where the examples are not for a network of this input and so many outputs.
/// `judged`: labels or targets are needed.
inline void check_examples(const examples& from, std::ptrdiff_t image_size, std::size_t outputs,
                           bool judged) {
  if (from.image_size != static_cast<std::size_t>(image_size)) {
    throw error("examples: expected images of " + std::to_string(image_size) + " values, found " +
                std::to_string(from.image_size));
  }
  if (!judged) return;
  if (from.labels.empty() && from.targets.empty() && from.size() != 0) {
    throw error("examples: expected labels or targets, found none");
  }
  if (!from.targets.empty() && from.target_size != outputs) {
    throw error("examples: expected targets of " + std::to_string(outputs) + " values, found " +
                std::to_string(from.target_size));
  }
  for (std::size_t i = 0; i < from.labels.size(); ++i) {
    if (from.labels[i] >= outputs) {
      throw error("examples: expected labels below " + std::to_string(outputs) + ", found " +
                  std::to_string(from.labels[i]) + " at image " + std::to_string(i));
    }
  }
}

}  // namespace lamina::execution
