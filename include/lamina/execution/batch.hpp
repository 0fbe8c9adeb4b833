// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>
#include <type_traits>

#include <lamina/augment/draw.hpp>
#include <lamina/augment/plan.hpp>
#include <lamina/data/examples.hpp>
#include <lamina/error.hpp>
#include <lamina/execution/augment.hpp>
#include <lamina/execution/buffer.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/loss.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/kernels/batch_norm.hpp>
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

  /// Takes the memory that `gather` needs to apply this plan, unless it has it.
  void reserve(const augment_plan& plan) {
    if (plan.empty()) return;
    const std::size_t wanted = images() / lanes * (block_values + scratch_of_a_block(plan));
    if (pictures_.size() < wanted) pictures_ = buffer<T>(wanted);
    if (!plan.has(transform_kind::mixup) || others_.size() == images()) return;
    others_ = buffer<int>(images());
    shares_ = buffer<T>(images());
  }

  /// Brings images into the lanes: the ones that `order` names from `first` on, or without an order
  /// the ones at `first`, `first` + 1, …; each goes through the plan as its seed, epoch and number
  /// say.
  void gather(const frame<T>& batch, const examples& from, const std::uint32_t* order,
              std::size_t first, const augment_plan& plan = {}) {
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
    mixed_ = plan.has(transform_kind::mixup);
    run_pieces(batch.blocks(), [&](int block) {
      if (plan.empty()) {
        interleave_block(from, samples_.data(), batch.images, block, input_block(batch, block));
      } else {
        augment_block(batch, from, plan, block);
      }
      scale_block(from, input_block(batch, block));
    });
  }

  verdict<T> judged(const examples& from) {
    return {from.labels.empty() ? nullptr : labels_.data(),
            from.targets.empty() ? nullptr : targets_.data(),
            losses_.data(),
            right_.data(),
            scratch_.data(),
            mixed_ ? others_.data() : nullptr,
            mixed_ ? shares_.data() : nullptr};
  }

 private:
  std::size_t images() const { return static_cast<std::size_t>(capacity_); }

  static constexpr kernels::image_extents image_shape{input.height, input.width, input.channels};
  static constexpr std::size_t block_values = static_cast<std::size_t>(input.size()) * lanes;

  static std::size_t scratch_of_a_block(const augment_plan& plan) {
    return augmenter<T, Arch>(plan, image_shape).scratch_of_a_block();
  }

  static T* input_block(const frame<T>& batch, int block) {
    return batch.at(Blueprint::memory.value[0]).block(block);
  }

  /// `samples` are the numbers of the batch's images, `count` in all.
  static void interleave_block(const examples& from, const std::uint32_t* samples, int count,
                               int block, T* x) {
    const std::uint8_t* pixels[lanes] = {};
    const float* values[lanes] = {};
    for (int lane = 0; lane < lanes && block * lanes + lane < count; ++lane) {
      const image_view image = from.image(samples[block * lanes + lane]);
      pixels[lane] = image.pixels.empty() ? nullptr : image.pixels.data();
      values[lane] = image.values.empty() ? nullptr : image.values.data();
    }
    if (from.values.empty()) {
      kernels::interleave<Arch>(pixels, input.pixels(), input.channels, T{1} / T{255}, x);
    } else {
      kernels::interleave<Arch>(values, input.pixels(), input.channels, T{1}, x);
    }
  }

  static void scale_block(const examples& from, T* x) {
    if (from.factor == 1 && from.offset == 0) return;
    const T factor = static_cast<T>(from.factor), offset = static_cast<T>(from.offset);
    kernels::scale_shift<Arch>({1, input.size()}, x, x, &factor, &offset, {0, 1});
  }

  void augment_block(const frame<T>& batch, const examples& from, const augment_plan& plan,
                     int block) {
    const augmenter<T, Arch> augment(plan, image_shape);
    drawn_block drawn;
    for (int lane = 0; lane < lanes && block * lanes + lane < batch.images; ++lane) {
      drawn.lane[lane] =
          draw_augmentation(plan, batch.seed, batch.epoch, samples_.data()[block * lanes + lane],
                            input.height, input.width, static_cast<std::uint32_t>(from.size()));
    }
    T* source = pictures_.data() +
                static_cast<std::size_t>(block) * (block_values + augment.scratch_of_a_block());
    interleave_block(from, samples_.data(), batch.images, block, source);
    if (mixed_) {
      mix_targets(batch, from, drawn, block);
      std::uint32_t partners[lanes] = {};
      for (int lane = 0; lane < lanes; ++lane) partners[lane] = drawn.lane[lane].partner;
      T* others = input_block(batch, block);  // which `apply` fills with what is wanted there
      interleave_block(from, partners, lanes, 0, others);
      augment.mix(drawn, others, source);
    }
    augment.apply(drawn, source, source + block_values, input_block(batch, block));
  }

  /// What the images of a mixup are to become: each keeps its share of its own.
  void mix_targets(const frame<T>& batch, const examples& from, const drawn_block& drawn,
                   int block) {
    for (int lane = 0; lane < lanes && block * lanes + lane < batch.images; ++lane) {
      const auto image = static_cast<std::size_t>(block * lanes + lane);
      const std::size_t partner = drawn.lane[lane].partner;
      const T share = static_cast<T>(drawn.lane[lane].share);
      shares_.data()[image] = share;
      if (!from.labels.empty()) others_.data()[image] = from.labels[partner];
      for (std::size_t k = 0; k < from.target_size && targets_.size() != 0; ++k) {
        T& target = targets_.data()[image * from.target_size + k];
        const T other = static_cast<T>(from.targets[partner * from.target_size + k]);
        target = other + share * (target - other);
      }
    }
  }

  int capacity_ = 0;
  bool mixed_ = false;
  buffer<T> arena_;
  buffer<int> labels_;
  buffer<T> targets_;
  buffer<T> losses_;
  buffer<std::uint8_t> right_;
  buffer<std::uint32_t> samples_;
  buffer<T> scratch_;
  buffer<int> others_;  // of a mixup: the labels of the partners, and
  buffer<T> shares_;    // what each image keeps of itself
  buffer<T> pictures_;  // (block, what comes before augmentation and its scratch)
};

/// Throws `error` where the examples are not for a network of this input and so many outputs.
/// `judged`: labels or targets are needed.
[[gnu::cold]] inline void check_examples(const examples& from, std::ptrdiff_t image_size,
                                         std::size_t outputs, bool judged) {
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

/// Throws `error` where a plan is for pictures and the network's input, of this rank, is none.
inline void check_augmentation(const augment_plan& plan, int rank) {
  if (rank != 3 && (plan.resamples() || plan.has(transform_kind::cutout)))
    throw error(
        "augmentation: expected a network whose input has height, width and channels, "
        "found a flat one");
}

}  // namespace lamina::execution
