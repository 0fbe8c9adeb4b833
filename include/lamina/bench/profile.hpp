// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>
#include <vector>

#include <oneapi/tbb/task_arena.h>

#include <lamina/bench/peak.hpp>
#include <lamina/bench/subject.hpp>
#include <lamina/bench/work.hpp>
#include <lamina/describe.hpp>
#include <lamina/execution/predictor.hpp>

namespace lamina::bench {

/// A part of a training step or of a prediction that is timed by itself.
struct phase {
  std::string name;
  multiply_adds work = {};  // of an image
};

/// Seconds of each phase, medians over some passes, and the peak around them.
struct timed_phases {
  std::vector<double> seconds;
  double peak = 0;
};

/// Collects the seconds of the phases of one pass after the other; a phase may come several times.
class stopwatch {
 public:
  explicit stopwatch(std::size_t phases) : passes_(phases) {}

  void begin() {
    for (auto& phase : passes_) phase.push_back(0);
    last_ = clock::now();
  }
  void lap(std::size_t phase) {
    const auto now = clock::now();
    passes_[phase].back() += std::chrono::duration<double>(now - last_).count();
    last_ = now;
  }
  std::vector<double> medians() const {
    std::vector<double> result;
    for (const auto& phase : passes_) result.push_back(median(phase));
    return result;
  }
  void forget() {
    for (auto& phase : passes_) phase.clear();
  }

 private:
  using clock = std::chrono::steady_clock;
  std::vector<std::vector<double>> passes_;
  clock::time_point last_;
};

/// Times passes for about a tenth of a second, after one that warms up; `pass(stopwatch&)`.
template <class Pass>
timed_phases time_phases(std::size_t phases, int threads, const Pass& pass) {
  using clock = std::chrono::steady_clock;
  stopwatch watch(phases);
  const double before = peak(threads);
  tbb::task_arena(threads).execute([&] {
    watch.begin();
    pass(watch);
    watch.forget();
    const auto end = clock::now() + std::chrono::milliseconds(100);
    for (int passes = 0; passes < 5 || (clock::now() < end && passes < 1000); ++passes) {
      watch.begin();
      pass(watch);
    }
  });
  return {watch.medians(), (before + peak(threads)) / 2};
}

/// The steps of a network in one fusion mode: their names and their work.
template <a_network Net, fusion_mode Mode>
struct profiled_steps {
  using blueprint = lamina::detail::blueprint<typename Net::located_layers, Mode>;

  static std::string name(int step) {
    static const auto names = describe(typename blueprint::step_list{});
    return std::to_string(step + 1) + " " + names[static_cast<std::size_t>(step)];
  }
  template <multiply_adds (*Of)(const layer_work&)>
  static multiply_adds work(int step) {
    multiply_adds sum;
    const auto& members = blueprint::code.operations[static_cast<std::size_t>(step)].layers;
    for (int i = 0; i < members.count; ++i) {
      const int layer = members.layer[static_cast<std::size_t>(i)];
      sum += Of(layer_works<Net>[static_cast<std::size_t>(layer)]);
    }
    return sum;
  }
  static multiply_adds forward(const layer_work& of) { return of.forward; }
  static multiply_adds backward(const layer_work& of) { return of.backward(); }
  static phase forward_phase(int step) { return {"forward " + name(step), work<forward>(step)}; }
  static phase backward_phase(int step) { return {"backward " + name(step), work<backward>(step)}; }
  /// The images into the lanes, then each step.
  static std::vector<phase> prediction_phases() {
    std::vector<phase> all{{"gather"}};
    for (int i = 0; i < blueprint::code.count; ++i) all.push_back(forward_phase(i));
    return all;
  }
};

/// A training step, phase by phase: the images into the lanes, the weights packed, each fused step
/// forward, the loss, each step backward with its share of the optimizer.
template <a_network Net>
class training_profile {
  using T = float;
  using Arch = kernels::native;
  using described = profiled_steps<Net, fusion_mode::training>;
  using blueprint = typename described::blueprint;
  using loss_step = execution::loss_step<blueprint, T, Arch, loss_of<Net>>;
  using engine = execution::engine<blueprint, T, Arch, loss_step::engine_count>;
  using memory = execution::batch_memory<blueprint, T, Arch>;
  static constexpr int steps = loss_step::engine_count;

 public:
  explicit training_profile(int images)
      : images_(images),
        subject_(),
        memory_(images, subject<Net>::outputs, loss_step::scratch_of_a_block),
        parameters_(extent),
        gradients_(extent),
        squares_(extent),
        fixed_(static_cast<std::size_t>(blueprint::fixed[blueprint::layer_count])) {
    execution::initialize_parameters<Net>(parameters_.data(), initializer::glorot_uniform, 1);
  }

  static std::vector<phase> phases() {
    std::vector<phase> all{{"gather"}, {"pack"}, {"loss"}};
    for (int i = 0; i < steps; ++i) all.push_back(described::forward_phase(i));
    for (int i = 0; i < steps; ++i) all.push_back(described::backward_phase(i));
    return all;
  }

  timed_phases run(int threads) {
    return time_phases(3 + 2 * static_cast<std::size_t>(steps), threads,
                       [&](stopwatch& watch) { pass(watch); });
  }

 private:
  void pass(stopwatch& watch) {
    ++passes_;
    const auto update = [&](std::ptrdiff_t offset, std::ptrdiff_t count, T* gradient) {
      T* const state[] = {squares_.data() + offset};
      rmsprop{}.update<Arch>(passes_, parameters_.data() + offset, static_cast<const T*>(gradient),
                             state, count);
    };
    const auto sink = execution::gradient_sink<T>::to(update);
    auto batch = memory_.frame_of(images_, parameters_.data(), gradients_.data(), fixed_.data());
    batch.training = true;
    batch.keeps_gradients = false;
    batch.drawn_for = static_cast<std::uint64_t>(passes_);
    const examples from = subject_.images(0, static_cast<std::size_t>(images_));
    memory_.gather(batch, {from});
    watch.lap(0);
    engine::prepare(batch);
    watch.lap(1);
    each_step([&]<int Step>() {
      engine::template step<Step>::forward(batch);
      watch.lap(3 + Step);
    });
    loss_step::run(batch, memory_.judged(from), {}, true);
    watch.lap(2);
    each_step([&]<int Step>() {
      engine::template step<steps - 1 - Step>::backward(batch, sink);
      watch.lap(3 + 2 * steps - 1 - Step);
    });
  }

  template <class Visit>
  static void each_step(const Visit& visit) {
    [&]<int... Step>(std::integer_sequence<int, Step...>) {
      (visit.template operator()<Step>(), ...);
    }
    (std::make_integer_sequence<int, steps>{});
  }

  static constexpr std::size_t extent = static_cast<std::size_t>(execution::parameter_extent<Net>);

  int images_;
  subject<Net> subject_;
  memory memory_;
  execution::buffer<T> parameters_, gradients_, squares_, fixed_;
  std::int64_t passes_ = 0;
};

/// A prediction of many images, phase by phase, in the order in which one thread runs it: a group
/// of images into the lanes and through all steps, then the next one.
template <a_network Net>
class inference_profile {
  using T = float;
  using Arch = kernels::native;
  using described = profiled_steps<Net, fusion_mode::inference>;
  using blueprint = typename described::blueprint;
  using engine = execution::engine<blueprint, T, Arch>;
  static constexpr int steps = blueprint::code.count;
  static constexpr int at_once = execution::predictor<Net, T, Arch>::at_once;

 public:
  explicit inference_profile(int images)
      : images_(images),
        memory_(at_once, subject<Net>::outputs, 0),
        parameters_(static_cast<std::size_t>(execution::parameter_extent<Net>)),
        fixed_(static_cast<std::size_t>(blueprint::fixed[blueprint::layer_count])) {
    execution::initialize_parameters<Net>(parameters_.data(), initializer::glorot_uniform, 1);
    engine::prepare(memory_.frame_of(at_once, parameters_.data(), nullptr, fixed_.data()));
  }

  static std::vector<phase> phases() { return described::prediction_phases(); }

  timed_phases run(int threads) {
    return time_phases(1 + static_cast<std::size_t>(steps), threads,
                       [&](stopwatch& watch) { pass(watch); });
  }

 private:
  void pass(stopwatch& watch) {
    const examples all = subject_.images(0, static_cast<std::size_t>(images_));
    for (int first = 0; first < images_; first += at_once) {
      const int count = std::min(at_once, images_ - first);
      auto batch = memory_.frame_of(count, parameters_.data(), nullptr, fixed_.data());
      memory_.gather(batch, {all, {}, static_cast<std::size_t>(first)});
      watch.lap(0);
      const execution::range blocks{0, batch.blocks()};
      [&]<int... Step>(std::integer_sequence<int, Step...>) {
        ((engine::template step<Step>::forward_blocks(batch, blocks), watch.lap(1 + Step)), ...);
      }
      (std::make_integer_sequence<int, steps>{});
    }
  }

  int images_;
  subject<Net> subject_;
  execution::batch_memory<blueprint, T, Arch> memory_;
  execution::buffer<T> parameters_, fixed_;
};

}  // namespace lamina::bench
