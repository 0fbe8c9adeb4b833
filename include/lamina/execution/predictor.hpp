// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>

#include <lamina/execution/batch.hpp>
#include <lamina/execution/engine.hpp>
#include <lamina/execution/few_images.hpp>
#include <lamina/execution/loss.hpp>
#include <lamina/execution/parameters.hpp>
#include <lamina/kernels/layout.hpp>
#include <lamina/train/history.hpp>

namespace lamina::execution {

/// Inference over data sets of any size, some hundred images at a time in memory of its own.
template <class Net, class T, class Arch, fusion_mode Fusion = fusion_mode::inference>
class predictor {
 public:
  using blueprint = detail::blueprint<typename Net::located_layers, Fusion>;
  using memory = batch_memory<blueprint, T, Arch>;
  static constexpr std::size_t outputs = static_cast<std::size_t>(Net::output_shape::size);
  static constexpr int most_at_once = 256;

  static buffer<T> fixed_memory() {
    return buffer<T>(static_cast<std::size_t>(blueprint::fixed[blueprint::layer_count]));
  }

  /// Packs the weights and folds the normalisations into `fixed`.
  static void prepare(T* parameters, T* fixed) {
    frame<T> batch;
    batch.parameters = parameters;
    batch.fixed = fixed;
    engine<blueprint, T, Arch>::prepare(batch);
  }

  /// Mean loss and accuracy of the images that `order` names; of all of them if it names none.
  template <class Loss>
  evaluation evaluate(T* parameters, T* fixed, const examples& from, const Loss& loss,
                      std::span<const std::uint32_t> order = {}) {
    using step = loss_step<blueprint, T, Arch, Loss>;
    const std::size_t images = order.empty() ? from.size() : order.size();
    reserve(images, step::scratch_of_a_block);
    double sum = 0;
    std::size_t right = 0;
    for (std::size_t first = 0; first < images; first += most_at_once) {
      const auto batch = bring(parameters, fixed, from, order, first);
      engine<blueprint, T, Arch, step::engine_count>::infer(batch);
      const auto judged = memory_.judged(from);
      step::run(batch, judged, loss, false);
      for (int i = 0; i < batch.images; ++i) {
        sum += static_cast<double>(judged.losses[i]);
        right += judged.right[i];
      }
    }
    const auto count = static_cast<double>(images);
    return {images == 0 ? absent : sum / count,
            from.labels.empty() ? absent : static_cast<double>(right) / count, images};
  }

  /// The outputs of the network, (image, output), into `to`.
  void predict(T* parameters, T* fixed, const examples& from, std::span<T> to) {
    for (std::size_t first = 0; first < from.size(); first += most_at_once) {
      if (predicts_few(parameters, fixed, from, first, to)) return;
      reserve(from.size(), 0);
      const auto batch = bring(parameters, fixed, from, {}, first);
      engine<blueprint, T, Arch>::infer(batch);
      const auto y = batch.at(blueprint::memory.value[blueprint::code.result()]);
      for (int block = 0; block < batch.blocks(); ++block) {
        const int live = std::min(lanes, batch.images - block * lanes);
        T* rows[lanes] = {};
        for (int lane = 0; lane < live; ++lane) {
          const std::size_t image = first + static_cast<std::size_t>(block * lanes + lane);
          rows[lane] = to.data() + image * outputs;
        }
        kernels::deinterleave<Arch>(static_cast<int>(outputs), as_const(y).block(block), rows,
                                    live);
      }
    }
  }

 private:
  /// A few images go through kernels of their own.
  bool predicts_few(T* parameters, T* fixed, const examples& from, std::size_t first,
                    std::span<T> to) {
    using few = few_images<blueprint, T, Arch>;
    if constexpr (few::knows_all_layers) {
      const std::size_t images = from.size() - first;
      if (images > std::size_t{few::most}) return false;
      few_.predict(parameters, fixed, from, first, static_cast<int>(images),
                   to.data() + first * outputs);
      return true;
    } else {
      return false;
    }
  }

  void reserve(std::size_t images, std::size_t scratch) {
    const int wanted = static_cast<int>(std::min<std::size_t>(images, most_at_once));
    if (wanted <= memory_.capacity() && scratch <= scratch_) return;
    scratch_ = std::max(scratch, scratch_);
    memory_ = memory(wanted, outputs, scratch_);
  }

  frame<T> bring(T* parameters, T* fixed, const examples& from,
                 std::span<const std::uint32_t> order, std::size_t first) {
    const std::size_t images = order.empty() ? from.size() : order.size();
    const int count = static_cast<int>(std::min<std::size_t>(images - first, most_at_once));
    const auto batch = memory_.frame_of(count, parameters, nullptr, fixed);
    memory_.gather(batch, from, order.empty() ? nullptr : order.data(), first);
    return batch;
  }

  memory memory_;
  std::size_t scratch_ = 0;
  few_images<blueprint, T, Arch> few_;
};

}  // namespace lamina::execution
