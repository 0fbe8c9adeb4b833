// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <vector>

#include <oneapi/tbb/task_arena.h>

#include <lamina/execution/batch.hpp>
#include <lamina/execution/engine.hpp>
#include <lamina/execution/few_images.hpp>
#include <lamina/execution/loss.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/execution/parameters.hpp>
#include <lamina/kernels/layout.hpp>
#include <lamina/kernels/simd.hpp>
#include <lamina/train/history.hpp>

namespace lamina::execution {

/// Inference over data sets of any size: a few images at a time go through all steps, in memory of
/// the thread that takes them, so that what is between the steps stays in its core's cache.
template <class Net, class T, class Arch, fusion_mode Fusion = fusion_mode::inference>
class predictor {
 public:
  using blueprint = detail::blueprint<typename Net::located_layers, Fusion>;
  using memory = batch_memory<blueprint, T, Arch>;
  static constexpr std::size_t outputs = static_cast<std::size_t>(Net::output_shape::size);

  /// Blocks that the products of a network take together.
  static constexpr int together = std::max(kernels::dense_packed_blocks<Arch, T>, 2);

  /// Images of a group of many. What lies between their steps takes up to three quarters of a
  /// core's second cache; with AVX-512 a quarter, as another thread of the core may want its half,
  /// and weights pass through it as well.
  static constexpr int at_once = [] {
    constexpr std::int64_t block = blueprint::block_values * lanes * std::int64_t{sizeof(T)};
    constexpr std::int64_t share =
        kernels::second_cache<Arch> / 4 * (kernels::has_avx512<Arch> ? 1 : 3);
    constexpr auto fit = static_cast<int>(std::clamp<std::int64_t>(share / block, 2, 9));
    return (fit < together ? fit : fit / together * together) * lanes;
  }();

  static buffer<T> fixed_memory() {
    return buffer<T>(static_cast<std::size_t>(blueprint::fixed[blueprint::layer_count]));
  }

  /// Packs the weights and folds the normalisations into `fixed`. Not inlined, as `evaluate`.
  [[gnu::noinline]] static void prepare(T* parameters, T* fixed) {
    frame<T> batch;
    batch.parameters = parameters;
    batch.fixed = fixed;
    engine<blueprint, T, Arch>::prepare(batch);
  }

  /// Mean loss and accuracy of the images that `order` names; of all of them if it names none. Not
  /// inlined, as it is called in several places.
  template <class Loss>
  [[gnu::noinline]] evaluation evaluate(T* parameters, T* fixed, const examples& from,
                                        const Loss& loss,
                                        std::span<const std::uint32_t> order = {}) {
    using step = loss_step<blueprint, T, Arch, Loss>;
    const std::size_t images = order.empty() ? from.size() : order.size();
    reserve(images, step::scratch_of_a_block);
    sums_.resize(static_cast<std::size_t>(blocks_of(images)));
    for_each_group(images, [&](memory& mine, std::size_t first, int count) {
      auto batch = mine.frame_of(count, parameters, nullptr, fixed);
      mine.gather(batch, {from, order, first});
      engine<blueprint, T, Arch, step::engine_count>::infer(batch);
      const auto judged = mine.judged(from);
      step::run(batch, judged, loss, false);
      for (int block = 0; block < batch.blocks(); ++block) {
        sum_of_a_block sum;
        for (int i = block * lanes; i < std::min(count, (block + 1) * lanes); ++i) {
          sum.losses += static_cast<double>(judged.losses[i]);
          sum.right += judged.right[i];
        }
        sums_[first / lanes + static_cast<std::size_t>(block)] = sum;
      }
    });
    double losses = 0;
    std::size_t right = 0;
    for (const auto& sum : sums_) {
      losses += sum.losses;
      right += sum.right;
    }
    const auto count = static_cast<double>(images);
    return {images == 0 ? absent : losses / count,
            from.labels.empty() ? absent : static_cast<double>(right) / count, images};
  }

  /// The outputs of the network, (image, output), into `to`.
  void predict(T* parameters, T* fixed, const examples& from, std::span<T> to) {
    if (predicts_few(parameters, fixed, from, to)) return;
    reserve(from.size(), 0);
    for_each_group(from.size(), [&](memory& mine, std::size_t first, int count) {
      auto batch = mine.frame_of(count, parameters, nullptr, fixed);
      mine.gather(batch, {from, {}, first});
      engine<blueprint, T, Arch>::infer(batch);
      const auto y = as_const(batch.at(blueprint::memory.value[blueprint::code.result()]));
      for (int block = 0; block < batch.blocks(); ++block) {
        const int live = std::min(lanes, count - block * lanes);
        T* rows[lanes] = {};
        for (int lane = 0; lane < live; ++lane)
          rows[lane] =
              to.data() + (first + static_cast<std::size_t>(block * lanes + lane)) * outputs;
        kernels::deinterleave<Arch>(static_cast<int>(outputs), y.block(block), rows, live);
      }
    });
  }

 private:
  struct sum_of_a_block {
    double losses = 0;
    std::size_t right = 0;
  };

  static int blocks_of(std::size_t images) {
    return static_cast<int>((images + lanes - 1) / lanes);
  }

  /// Blocks of a group of so many in all: fewer where the threads would wait for each other at the
  /// end. No result depends on it.
  static int group_of(int blocks) {
    constexpr int most = at_once / lanes, least = std::min(4, most);
    if (is_alone()) return most;
    const int share = std::max(blocks / concurrency(), 1);
    return std::min(std::clamp(share / 8, least, most), share);
  }

  /// Groups of about equal size, and as many for each thread.
  static split groups_of(int blocks) {
    const int most = group_of(blocks), groups = (blocks + most - 1) / most;
    const int threads = concurrency(), rounds = (groups + threads - 1) / threads;
    return {blocks, 1, std::min(blocks, rounds * threads)};
  }

  /// Calls visit(memory of this thread, first image, images) for each group, spread over the cores.
  /// A group is isolated: a thread that waits in the middle of one, for a loop of a user's own
  /// layer perhaps, must not begin another in the same memory.
  template <class Visit>
  void for_each_group(std::size_t images, const Visit& visit) {
    const split groups = groups_of(blocks_of(images));
    run_pieces(groups.parts, [&](int group) {
      const auto slot = static_cast<std::size_t>(slot_of_thread(groups.parts));
      const auto first = static_cast<std::size_t>(groups.begin(group)) * lanes;
      const auto last = std::min(static_cast<std::size_t>(groups.end(group)) * lanes, images);
      tbb::this_task_arena::isolate(
          [&] { visit(slots_[slot], first, static_cast<int>(last - first)); });
    });
  }

  /// A few images go through kernels of their own.
  bool predicts_few(T* parameters, T* fixed, const examples& from, std::span<T> to) {
    using few = few_images<blueprint, T, Arch>;
    if constexpr (few::knows_all_layers) {
      if (from.size() > std::size_t{few::most}) return false;
      few_.predict(parameters, fixed, from, 0, static_cast<int>(from.size()), to.data());
      return true;
    } else {
      return false;
    }
  }

  /// Memory for each thread that may take a group.
  [[gnu::noinline]] void reserve(std::size_t images, std::size_t scratch) {
    const int blocks = blocks_of(images), wanted = std::min(blocks, group_of(blocks)) * lanes;
    const auto threads = static_cast<std::size_t>(groups_of(blocks).parts <= 1 ? 1 : concurrency());
    const int capacity = slots_.empty() ? 0 : slots_.front().capacity();
    if (threads <= slots_.size() && wanted <= capacity && scratch <= scratch_) return;
    scratch_ = std::max(scratch, scratch_);
    const std::size_t slots = std::max(threads, slots_.size());
    slots_.clear();
    for (std::size_t i = 0; i < slots; ++i)
      slots_.emplace_back(std::max(wanted, capacity), outputs, scratch_);
  }

  std::vector<memory> slots_;
  std::vector<sum_of_a_block> sums_;
  std::size_t scratch_ = 0;
  few_images<blueprint, T, Arch> few_;
};

}  // namespace lamina::execution
