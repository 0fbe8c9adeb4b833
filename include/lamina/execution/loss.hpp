// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <concepts>
#include <cstdint>
#include <span>
#include <string>

#include <lamina/error.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/kernels/softmax.hpp>
#include <lamina/layers/activation.hpp>
#include <lamina/text.hpp>
#include <lamina/train/losses.hpp>

namespace lamina::execution {

/// What a batch is to become, and what it became; arrays have an entry for each image, rounded up
/// to whole blocks.
template <class T>
struct verdict {
  const int* labels = nullptr;  // the class of each image, or
  const T* targets = nullptr;   // (image, output)
  T* losses = nullptr;
  std::uint8_t* right = nullptr;  // 1 where the largest output is the label's
  T* scratch = nullptr;           // (block, 3, output), for losses other than cross-entropy
  const int* others = nullptr;    // of a mixup: the other class of each image, which has the rest
  const T* shares = nullptr;      // of the label's share
};

/// Whether the largest output of each image, the first of equal ones, is its label's.
template <class Arch, class T>
[[gnu::always_inline]] inline void judge(const T* outputs_of_block, int outputs, int block,
                                         int images, const verdict<T>& to) {
  int best[lanes];
  kernels::argmax<Arch>(outputs, outputs_of_block, best);
  kernels::one_by_one(images, [&](int lane) {
    const int image = block * lanes + lane;
    to.right[image] = best[lane] == to.labels[image];
  });
}

/// Softmax and cross-entropy of one block. Knows the number of outputs alone, so that it is
/// compiled once for training and inference.
template <class T, class Arch>
struct cross_entropy_of_block {
  int outputs, block;
  int live;         // images of the block
  T share;          // of an image in the mean over the batch
  const T* logits;  // (output, lane)
  T* probabilities;
  T* gradient;  // null: not wanted

  [[gnu::noinline]] void run(const verdict<T>& to, const cross_entropy& loss) const {
    judge<Arch>(logits, kernels::opaque(outputs), block, live, to);
    kernels::softmax_cross_entropy<Arch>(outputs, logits, to.labels + block * lanes, live,
                                         loss.label_smoothing, share, probabilities, gradient,
                                         to.losses + block * lanes);
    if (to.others != nullptr) mix(to, loss);
    if (gradient != nullptr && !loss.class_weights.empty()) weigh(to, loss);
  }

 private:
  /// Moves what is not the label's share of a target from the label to the other class; with the
  /// target t the loss is log(sum exp x) - t x, so that both change by a difference of logits.
  void mix(const verdict<T>& to, const cross_entropy& loss) const {
    kernels::one_by_one(live, [&](int lane) {
      const int image = block * lanes + lane;
      const int own = to.labels[image] * lanes + lane, other = to.others[image] * lanes + lane;
      const T moved = static_cast<T>(1 - loss.label_smoothing) * (T{1} - to.shares[image]);
      to.losses[image] = std::max(to.losses[image] + moved * (logits[own] - logits[other]), T{0});
      if (gradient == nullptr) return;
      gradient[own] += moved * share;
      gradient[other] -= moved * share;
    });
  }

  /// The loss and the gradient of each image times the weight of its class.
  void weigh(const verdict<T>& to, const cross_entropy& loss) const {
    alignas(64) T weights[lanes] = {};
    kernels::one_by_one(live, [&](int lane) {
      const int image = block * lanes + lane;
      weights[lane] =
          static_cast<T>(loss.class_weights[static_cast<std::size_t>(to.labels[image])]);
      to.losses[image] *= weights[lane];
    });
    kernels::for_each_register<Arch, T>(outputs * lanes, [&](std::ptrdiff_t i) {
      kernels::put<Arch>(gradient + i, kernels::load<Arch>(gradient + i) *
                                           kernels::load<Arch>(weights + i % lanes));
    });
  }
};

/// The loss of a batch and its gradient at the last value of the network.
template <class Blueprint, class T, class Arch, class Loss>
struct loss_step {
  static constexpr int count = Blueprint::code.count;
  static constexpr detail::operation last =
      count == 0 ? detail::operation{}
                 : Blueprint::code.operations[static_cast<std::size_t>(count == 0 ? 0 : count - 1)];
  static constexpr bool ends_in_softmax = count > 0 && last.kind == layer_kind::softmax;
  static constexpr bool is_cross_entropy = std::same_as<Loss, cross_entropy>;
  static_assert(!is_cross_entropy || ends_in_softmax,
                "cross_entropy needs a network that ends in softmax; take another loss or add it");

  /// Softmax and cross-entropy are one step: the engine leaves the softmax out.
  static constexpr int engine_count = is_cross_entropy ? count - 1 : count;
  static constexpr int result = is_cross_entropy ? last.input : Blueprint::code.result();
  static constexpr int outputs =
      static_cast<int>(Blueprint::code.value_size[static_cast<std::size_t>(result)]);
  static constexpr std::size_t scratch_of_a_block = is_cross_entropy ? 0 : 3 * std::size_t{outputs};

  /// Throws `error` where the loss is not for so many classes.
  static void check(const Loss& loss) {
    if constexpr (is_cross_entropy) {
      const std::size_t weights = loss.class_weights.size();
      if (weights != 0 && weights != static_cast<std::size_t>(outputs))
        throw error(detail::joined("cross_entropy: expected a weight for each of ", outputs,
                                   " classes, found ", weights));
    }
  }

  /// Fills losses and right; with `gradients` also the gradient of the mean over the batch.
  static void run(const frame<T>& batch, const verdict<T>& to, const Loss& loss, bool gradients) {
    run_pieces(batch.blocks(), [&](int block) {
      if constexpr (is_cross_entropy) {
        run_cross_entropy(batch, block, to, loss, gradients);
      } else {
        run_own(batch, block, to, loss, gradients);
      }
    });
  }

 private:
  static int live(const frame<T>& batch, int block) {
    return std::min(lanes, batch.images - block * lanes);
  }

  static T* gradient(const frame<T>& batch, int block) {
    return batch.at(Blueprint::memory.gradient[static_cast<std::size_t>(result)]).block(block);
  }

  static void run_cross_entropy(const frame<T>& batch, int block, const verdict<T>& to,
                                const Loss& loss, bool gradients) {
    const auto value = [&](int of) {
      return batch.at(Blueprint::memory.value[static_cast<std::size_t>(of)]).block(block);
    };
    cross_entropy_of_block<T, Arch>{outputs,
                                    block,
                                    live(batch, block),
                                    T{1} / static_cast<T>(batch.images),
                                    value(result),
                                    value(last.output),
                                    gradients ? gradient(batch, block) : nullptr}
        .run(to, loss);
  }

  static T label_target(const verdict<T>& to, int image, int output) {
    const T own = static_cast<T>(output == to.labels[image]);
    if (to.others == nullptr) return own;
    const T other = static_cast<T>(output == to.others[image]);
    return other + to.shares[image] * (own - other);
  }

  static void run_own(const frame<T>& batch, int block, const verdict<T>& to, const Loss& loss,
                      bool gradients) {
    const T* y = batch.at(Blueprint::memory.value[static_cast<std::size_t>(result)]).block(block);
    const int images = live(batch, block);
    if (to.labels != nullptr) judge<Arch>(y, outputs, block, images, to);
    T* dy = gradients ? gradient(batch, block) : nullptr;
    for (std::ptrdiff_t i = 0; dy != nullptr && i < std::ptrdiff_t{outputs} * lanes; ++i) dy[i] = 0;
    T* scratch = to.scratch + std::ptrdiff_t{3} * outputs * block;
    const std::span<T> prediction{scratch, outputs};
    const std::span<T> target{scratch + outputs, outputs};
    const std::span<T> derivative{scratch + 2 * outputs, outputs};
    const T share = T{1} / static_cast<T>(batch.images);
    for (int lane = 0; lane < images; ++lane) {
      const int image = block * lanes + lane;
      for (std::size_t i = 0; i < prediction.size(); ++i) {
        prediction[i] = y[i * lanes + static_cast<std::size_t>(lane)];
        target[i] = to.targets != nullptr
                        ? to.targets[static_cast<std::size_t>(image) * prediction.size() + i]
                        : label_target(to, image, static_cast<int>(i));
      }
      to.losses[image] =
          loss(std::span<const T>{prediction}, std::span<const T>{target}, derivative);
      for (std::size_t i = 0; dy != nullptr && i < derivative.size(); ++i) {
        dy[i * lanes + static_cast<std::size_t>(lane)] = share * derivative[i];
      }
    }
  }
};

}  // namespace lamina::execution
