// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>

#include <lamina/error.hpp>
#include <lamina/execution/buffer.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/execution/parameters.hpp>
#include <lamina/kernels/gradients.hpp>
#include <lamina/train/optimizers/optimizer.hpp>

namespace lamina {

/// What is done to a step's gradients before the optimizer sees them; 0 leaves them as they are.
struct gradient_clipping {
  double norm = 0;   // of all gradients together: they are multiplied by norm / (theirs + 1e-6)
                     // where that is below 1, as in PyTorch's clip_grad_norm_; before `value`
  double value = 0;  // each is brought into [-value, value] (clip_grad_value_)
};

/// An exponential moving average of the parameters, moving statistics included, which evaluates,
/// predicts and is saved in place of them: a copy after the first step, then a += (1 - decay) (w -
/// a) after each (PyTorch's AveragedModel with get_ema_multi_avg_fn and use_buffers). None if 0.
struct weight_average {
  double decay = 0;
};

namespace detail {

template <class Optimizer>
void multiply_rate(Optimizer& optimizer, double factor) {
  if constexpr (requires { optimizer.set_learning_rate(optimizer.learning_rate()); }) {
    optimizer.set_learning_rate(optimizer.learning_rate() * factor);
  } else if constexpr (requires { optimizer.learning_rate *= factor; }) {
    optimizer.learning_rate *= factor;
  } else if (factor != 1) {
    throw error("schedule: expected an optimizer with a learning_rate, found one without");
  }
}

/// The same optimizer for biases and what normalisations learn, which do not decay.
template <class Optimizer>
Optimizer without_decay(Optimizer optimizer) {
  if constexpr (requires { optimizer.set_weight_decay(0.0); }) {
    optimizer.set_weight_decay(0);
  } else if constexpr (requires { optimizer.weight_decay = 0; }) {
    optimizer.weight_decay = 0;
  }
  return optimizer;
}

/// From gradients to the next weights: clipping, the optimizer and its memory, the moving average.
/// Weights decay, biases and the parameters of normalisations (all that does not begin as weights)
/// do not.
template <class Net, class Optimizer, class T, class Arch>
class updates {
 public:
  static constexpr std::size_t states = static_cast<std::size_t>(Optimizer::states);
  static constexpr auto& slots = slots_of<typename Net::located_layers>;

  updates(const Optimizer& optimizer, gradient_clipping clip, weight_average average,
          const T* parameters)
      : first_{optimizer},
        clip_{clip},
        decay_{average.decay},
        now_{optimizer, without_decay(optimizer)} {
    for (std::size_t i = 0; i < used(optimizer); ++i) states_[i] = execution::buffer<T>(extent);
    if (clip.norm > 0) squares_ = execution::buffer<double>(most_pieces);
    if (averages()) {
      average_ = execution::buffer<T>(extent);
      average_from(parameters);
    }
  }

  /// Before a step, counted from 1.
  void begin(std::int64_t step, T* parameters, T* gradients) {
    step_ = step;
    parameters_ = parameters;
    gradients_ = gradients;
  }

  void set_rate_factor(double factor) {
    Optimizer optimizer = first_;
    multiply_rate(optimizer, factor);
    now_ = {optimizer, without_decay(optimizer)};
  }

  /// Whether the first update needs the gradients of all parameters.
  bool waits_for_all() const { return clip_.norm > 0; }

  /// Updates a piece of one tensor; its gradient may be changed.
  void update(std::ptrdiff_t offset, std::ptrdiff_t count, T* gradient) {
    if (clip_.value > 0)
      run(kernels::clip_rule<T>{static_cast<T>(clip_.value)}, gradient, gradient, count);
    std::array<T*, states == 0 ? 1 : states> memory{};
    for (std::size_t i = 0; i < states; ++i)
      if (states_[i].size() != 0) memory[i] = states_[i].data() + offset;
    now_[decays(offset) ? 0 : 1].template update<Arch>(
        step_, parameters_ + offset, static_cast<const T*>(gradient), memory.data(), count);
    follow(offset, count);
  }

  /// Updates everything, after its gradients have been clipped together.
  void update_all() {
    const double norm = gradient_norm();
    const double factor = std::min(1.0, clip_.norm / (norm + 1e-6));
    for_each_piece(true, [&](int, std::ptrdiff_t offset, std::ptrdiff_t count) {
      T* const gradient = gradients_ + offset;
      run(kernels::scale_rule<T>{static_cast<T>(factor)}, gradient, gradient, count);
      update(offset, count, gradient);
    });
  }

  /// After a step: the moving statistics have their average, too.
  void end() {
    if (averages())
      for_each_piece(
          false, [&](int, std::ptrdiff_t offset, std::ptrdiff_t count) { follow(offset, count); });
  }

  bool averages() const { return decay_ > 0; }
  execution::buffer<T>& average() { return average_; }
  const execution::buffer<T>& average() const { return average_; }
  void average_from(const T* parameters) {
    if (averages()) std::copy(parameters, parameters + extent, average_.data());
  }

  /// Empty where the optimizer does without.
  std::array<execution::buffer<T>, states>& memory() { return states_; }

  /// Values of the average and of the memory.
  std::size_t kept_values() const {
    std::size_t count = average_.size();
    for (const auto& state : states_) count += state.size();
    return count;
  }

 private:
  static constexpr std::size_t extent = static_cast<std::size_t>(execution::parameter_extent<Net>);
  static constexpr std::ptrdiff_t piece = 1 << 14;
  static constexpr std::size_t most_pieces =
      extent / static_cast<std::size_t>(piece) + slots.size() + 1;

  /// How many of the states this optimizer needs.
  static std::size_t used(const Optimizer& optimizer) {
    if constexpr (requires { optimizer.states_used(); })
      return static_cast<std::size_t>(optimizer.states_used());
    else
      return states;
  }

  static bool decays(std::ptrdiff_t offset) {
    bool found = false;
    for (const auto& slot : slots)
      if (slot.offset <= offset) found = slot.tensor.begins == initial::weights;
    return found;
  }

  template <class Rule>
  static void run(Rule rule, T* values, const T* from, std::ptrdiff_t count) {
    T* none[1] = {};
    kernels::update<Arch>(rule, values, from, none, count);
  }

  void follow(std::ptrdiff_t offset, std::ptrdiff_t count) {
    if (!averages()) return;
    T* const average = average_.data() + offset;
    if (step_ == 1)
      std::copy_n(parameters_ + offset, count, average);
    else
      run(kernels::average_rule<T>{static_cast<T>(1 - decay_)}, average, parameters_ + offset,
          count);
  }

  /// Calls visit(number of the piece, offset, count) for all trained tensors, or for the others.
  template <class Visit>
  static void for_each_piece(bool trained, const Visit& visit) {
    int before = 0;
    for (const auto& slot : slots) {
      if (slot.tensor.trained != trained) continue;
      const auto size = static_cast<std::ptrdiff_t>(slot.tensor.size());
      const int pieces = static_cast<int>((size + piece - 1) / piece);
      execution::run_pieces(pieces, [&](int i) {
        visit(before + i, slot.offset + i * piece, std::min(piece, size - i * piece));
      });
      before += pieces;
    }
  }

  double gradient_norm() {
    for_each_piece(true, [&](int number, std::ptrdiff_t offset, std::ptrdiff_t count) {
      squares_.data()[number] = kernels::sum_of_squares<Arch>(gradients_ + offset, count);
    });
    return std::sqrt(std::accumulate(squares_.data(), squares_.data() + squares_.size(), 0.0));
  }

  Optimizer first_;  // as it was given
  gradient_clipping clip_;
  double decay_;
  std::array<Optimizer, 2> now_;  // at the rate of this step: of weights, of what does not decay
  std::array<execution::buffer<T>, states> states_;
  execution::buffer<T> average_;
  execution::buffer<double> squares_;
  std::int64_t step_ = 0;
  T* parameters_ = nullptr;
  T* gradients_ = nullptr;
};

}  // namespace detail

}  // namespace lamina
