// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

#include <lamina/bench/profile.hpp>
#include <lamina/execution/few_images.hpp>

namespace lamina::bench {

/// A prediction of one image, phase by phase, by the kernels that have pixels and inputs in the
/// lanes. Not for networks with a residual block or a layer of a user's own.
template <a_network Net>
class one_image_profile {
  using T = float;
  using Arch = kernels::native;
  using described = profiled_steps<Net, fusion_mode::inference>;
  using blueprint = typename described::blueprint;
  using few = execution::few_images<blueprint, T, Arch>;
  static constexpr int steps = blueprint::code.count;

 public:
  static constexpr bool knows_all_layers = few::knows_all_layers && [] {
    for (int i = 0; i < steps; ++i) {
      const auto kind = blueprint::code.operations[static_cast<std::size_t>(i)].kind;
      if (kind == layer_kind::fork) return false;
    }
    return true;
  }();

  /// Images that a network predicts by these kernels.
  static constexpr int most = few::knows_all_layers ? few::most : 0;

  explicit one_image_profile(int)
      : parameters_(static_cast<std::size_t>(execution::parameter_extent<Net>)),
        fixed_(static_cast<std::size_t>(blueprint::fixed[blueprint::layer_count])) {
    execution::initialize_parameters<Net>(parameters_.data(), initializer::glorot_uniform, 1);
    execution::predictor<Net, T, Arch>::prepare(parameters_.data(), fixed_.data());
    values_[0] = values_of(few::template step<0>::in.size());
    std::size_t scratch = 16;
    each_step([&]<int Step>() {
      using step = typename few::template step<Step>;
      values_[Step + 1] = values_of(step::out.size());
      scratch = std::max(scratch, step::scratch_size());
    });
    scratch_ = execution::buffer<T>(scratch);
  }

  static std::vector<phase> phases() { return described::prediction_phases(); }

  timed_phases run(int threads) {
    return time_phases(1 + static_cast<std::size_t>(steps), threads,
                       [&](stopwatch& watch) { pass(watch); });
  }

  /// All phases of one prediction, and nothing else.
  void run_alone() {
    struct {
      void lap(int) {}
    } nothing;
    pass(nothing);
  }

 private:
  static execution::buffer<T> values_of(std::ptrdiff_t size) {
    return execution::buffer<T>(static_cast<std::size_t>((size + 15) / 16 * 16));
  }

  template <class Watch>
  void pass(Watch& watch) {
    execution::frame<T> batch;
    batch.images = 1;
    batch.parameters = parameters_.data();
    batch.fixed = fixed_.data();
    const image_view image = subject_.images(0, 1).image(0);
    kernels::spread_pixels<Arch>(image.values.data(), T{1}, T{0}, few::template step<0>::in,
                                 values_[0].data());
    watch.lap(0);
    each_step([&]<int Step>() {
      const T* x = values_[Step].data();
      few::template step<Step>::run(batch, x, x, values_[Step + 1].data(), 0, scratch_.data());
      watch.lap(1 + Step);
    });
  }

  template <class Visit>
  static void each_step(const Visit& visit) {
    [&]<int... Step>(std::integer_sequence<int, Step...>) {
      (visit.template operator()<Step>(), ...);
    }
    (std::make_integer_sequence<int, steps>{});
  }

  subject<Net> subject_;
  execution::buffer<T> parameters_, fixed_, scratch_;
  std::array<execution::buffer<T>, steps + 1> values_;
};

}  // namespace lamina::bench
