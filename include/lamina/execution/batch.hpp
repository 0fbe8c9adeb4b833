// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
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
#include <lamina/text.hpp>

namespace lamina::execution {

/// The images of a batch: how they get into the lanes, augmented or as they are, and what is known
/// of each. Knows their extents alone, so that it is compiled once for all networks, and not
/// inlined into them.
template <class T, class Arch>
class batch_images {
 public:
  batch_images() = default;

  [[gnu::noinline]] batch_images(kernels::image_extents extents, int capacity,
                                 std::size_t outputs_of_targets)
      : extents_{extents},
        capacity_{(capacity + lanes - 1) / lanes * lanes},
        labels_(images()),
        targets_(images() * outputs_of_targets),
        losses_(images()),
        right_(images()),
        samples_(images()) {}

  // Not inlined: each network has its own memory, and each of these nine buffers.
  batch_images(const batch_images&) = default;
  batch_images(batch_images&&) noexcept = default;
  batch_images& operator=(const batch_images&) = default;
  [[gnu::noinline]] batch_images& operator=(batch_images&&) noexcept = default;
  [[gnu::noinline]] ~batch_images() {}

  int capacity() const { return capacity_; }
  const std::uint32_t* samples() const { return samples_.data(); }

  /// Takes the memory that `augment` needs for this plan, unless it has it.
  void reserve(const augment_plan& plan) {
    if (plan.empty()) return;
    const augmenter<T, Arch> augment(plan, extents_);
    const std::size_t wanted = images() / lanes * (block_values() + augment.scratch_of_a_block());
    if (pictures_.size() < wanted) pictures_ = buffer<T>(wanted);
    if (!plan.has(transform_kind::mixup) || others_.size() == images()) return;
    others_ = buffer<int>(images());
    shares_ = buffer<T>(images());
  }

  /// Brings these images into the lanes of `x`, (block, channel, y, x, lane).
  [[gnu::noinline]] void gather(const frame<T>& batch, const selection& chosen,
                                kernels::blocked<T> x) {
    take(batch, chosen);
    mixed_ = false;
    run_pieces(batch.blocks(), [&](int block) {
      interleave(chosen.from, samples_.data(), batch.images, block, x.block(block));
      scale_block(chosen.from, x.block(block));
    });
  }

  /// The same; each image goes through the plan as the seed, `drawn_for` and its number say. The
  /// partners of a mixup are drawn from the images `partners`, or from all if it names none.
  void augment(const frame<T>& batch, const selection& chosen, const augment_plan& plan,
               std::span<const std::uint32_t> partners, kernels::blocked<T> x) {
    take(batch, chosen);
    mixed_ = plan.has(transform_kind::mixup);
    run_pieces(batch.blocks(), [&](int block) {
      augment_block(plan, partners, batch, chosen.from, block, x.block(block));
      scale_block(chosen.from, x.block(block));
    });
  }

  verdict<T> judged(const examples& from, T* scratch) {
    return {from.labels.empty() ? nullptr : labels_.data(),
            from.targets.empty() ? nullptr : targets_.data(),
            losses_.data(),
            right_.data(),
            scratch,
            mixed_ ? others_.data() : nullptr,
            mixed_ ? shares_.data() : nullptr};
  }

 private:
  std::size_t images() const { return static_cast<std::size_t>(capacity_); }
  int pixels() const { return extents_.height * extents_.width; }
  int values() const { return pixels() * extents_.channels; }
  std::size_t block_values() const { return static_cast<std::size_t>(values()) * lanes; }

  /// The numbers, labels and targets of the batch's images.
  void take(const frame<T>& batch, const selection& chosen) {
    const examples& from = chosen.from;
    for (int i = 0; i < batch.images; ++i) {
      const std::size_t sample = chosen.number(static_cast<std::size_t>(i));
      samples_.data()[i] = static_cast<std::uint32_t>(sample);
      if (!from.labels.empty()) labels_.data()[i] = from.labels[sample];
      for (std::size_t k = 0; k < from.target_size && targets_.size() != 0; ++k) {
        targets_.data()[static_cast<std::size_t>(i) * from.target_size + k] =
            static_cast<T>(from.targets[sample * from.target_size + k]);
      }
    }
  }

  /// `samples` are the numbers of the batch's images, `count` in all.
  void interleave(const examples& from, const std::uint32_t* samples, int count, int block,
                  T* x) const {
    const std::uint8_t* bytes[lanes] = {};
    const float* floats[lanes] = {};
    for (int lane = 0; lane < lanes && block * lanes + lane < count; ++lane) {
      const image_view image = from.image(samples[block * lanes + lane]);
      bytes[lane] = image.pixels.empty() ? nullptr : image.pixels.data();
      floats[lane] = image.values.empty() ? nullptr : image.values.data();
    }
    if (from.values.empty()) {
      kernels::interleave<Arch>(bytes, pixels(), extents_.channels, T{1} / T{255}, x);
    } else {
      kernels::interleave<Arch>(floats, pixels(), extents_.channels, T{1}, x);
    }
  }

  /// Scales the images of a block as their data set says.
  void scale_block(const examples& from, T* x) const {
    if (from.factor == 1 && from.offset == 0) return;
    const T factor = static_cast<T>(from.factor), offset = static_cast<T>(from.offset);
    kernels::scale_shift<Arch>({1, values()}, x, x, &factor, &offset, {0, 1});
  }

  void augment_block(const augment_plan& plan, std::span<const std::uint32_t> partners,
                     const frame<T>& batch, const examples& from, int block, T* x) {
    const augmenter<T, Arch> augment(plan, extents_);
    const std::size_t choices = partners.empty() ? from.size() : partners.size();
    drawn_block drawn;
    for (int lane = 0; lane < lanes && block * lanes + lane < batch.images; ++lane) {
      drawn.lane[lane] = draw_augmentation(plan, batch.seed, batch.drawn_for,
                                           samples_.data()[block * lanes + lane], extents_.height,
                                           extents_.width, static_cast<std::uint32_t>(choices));
      std::uint32_t& partner = drawn.lane[lane].partner;
      if (!partners.empty()) partner = partners[partner];
    }
    T* source = pictures_.data() +
                static_cast<std::size_t>(block) * (block_values() + augment.scratch_of_a_block());
    interleave(from, samples_.data(), batch.images, block, source);
    if (mixed_) {
      mix_targets(batch, from, drawn, block);
      std::uint32_t others[lanes] = {};
      for (int lane = 0; lane < lanes; ++lane) others[lane] = drawn.lane[lane].partner;
      interleave(from, others, batch.images - block * lanes, 0, x);  // until `apply` fills `x`
      augment.mix(drawn, x, source);
    }
    augment.apply(drawn, source, source + block_values(), x);
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

  kernels::image_extents extents_ = {};
  int capacity_ = 0;
  bool mixed_ = false;
  buffer<int> labels_;
  buffer<T> targets_;
  buffer<T> losses_;
  buffer<std::uint8_t> right_;
  buffer<std::uint32_t> samples_;
  buffer<int> others_;  // of a mixup: the labels of the partners, and
  buffer<T> shares_;    // what each image keeps of itself
  buffer<T> pictures_;  // (block, what comes before augmentation and its scratch)
};

/// As many images as a batch has, behind it in memory, likely the next ones; none with an order.
inline kernels::read_soon images_behind(const selection& batch, int count) {
  const examples& from = batch.from;
  const std::size_t images = static_cast<std::size_t>(count), next = batch.first + images;
  if (!batch.order.empty() || next >= from.size()) return {};
  const image_view image = from.image(next);
  const std::size_t values = std::min(from.size() - next, images) * from.image_size;
  if (image.values.empty()) return kernels::lines_of(image.pixels.data(), values);
  return kernels::lines_of(image.values.data(), values);
}

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
      : images_({input.height, input.width, input.channels}, capacity,
                scratch_of_a_block == 0 ? 0 : outputs),
        arena_(blocks() * static_cast<std::size_t>(stride)),
        scratch_(blocks() * scratch_of_a_block) {}

  int capacity() const { return images_.capacity(); }
  std::size_t arena_bytes() const { return arena_.size() * sizeof(T); }

  frame<T> frame_of(int count, T* parameters, T* gradients, T* fixed) {
    frame<T> batch;
    batch.arena = arena_.data();
    batch.block_stride = stride;
    batch.images = count;
    batch.parameters = parameters;
    batch.gradients = gradients;
    batch.fixed = fixed;
    batch.samples = images_.samples();
    return batch;
  }

  /// As `batch_images`.
  void reserve(const augment_plan& plan) { images_.reserve(plan); }

  void gather(frame<T>& batch, const selection& chosen) {
    batch.soon = images_behind(chosen, batch.images);
    images_.gather(batch, chosen, input_of(batch));
  }

  /// `With` knows how and calls `batch_images::augment`.
  template <class With>
  void augment(frame<T>& batch, const selection& chosen, const With& with,
               std::span<const std::uint32_t> partners) {
    with.template step_for<T, Arch>()(&images_, batch, chosen, with.plan(), partners,
                                      input_of(batch));
  }

  verdict<T> judged(const examples& from) { return images_.judged(from, scratch_.data()); }

 private:
  std::size_t blocks() const { return static_cast<std::size_t>(capacity() / lanes); }

  static kernels::blocked<T> input_of(const frame<T>& batch) {
    return batch.at(Blueprint::memory.value[0]);
  }

  batch_images<T, Arch> images_;
  buffer<T> arena_;
  buffer<T> scratch_;
};

/// Throws `error` where the examples are not for a network of this input and so many outputs.
/// `judged`: labels or targets are needed. Not inlined, as it is called in several places.
[[gnu::noinline]] inline void check_examples(const examples& from, std::ptrdiff_t image_size,
                                             std::size_t outputs, bool judged) {
  if (from.image_size != static_cast<std::size_t>(image_size)) {
    throw error(lamina::detail::joined("examples: expected images of ", image_size,
                                       " values, found ", from.image_size));
  }
  if (!judged) return;
  if (from.labels.empty() && from.targets.empty() && from.size() != 0) {
    throw error("examples: expected labels or targets, found none");
  }
  if (!from.targets.empty() && from.target_size != outputs) {
    throw error(lamina::detail::joined("examples: expected targets of ", outputs, " values, found ",
                                       from.target_size));
  }
  for (std::size_t i = 0; i < from.labels.size(); ++i) {
    if (from.labels[i] >= outputs) {
      throw error(lamina::detail::joined("examples: expected labels below ", outputs, ", found ",
                                         from.labels[i], " at image ", i));
    }
  }
}

}  // namespace lamina::execution
