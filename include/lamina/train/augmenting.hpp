// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstdint>
#include <span>

#include <lamina/augment/plan.hpp>
#include <lamina/data/examples.hpp>
#include <lamina/execution/batch.hpp>

namespace lamina {

/// What happens to the images of a training, from an `augmentation<…>` or a plan. The code that
/// does it comes along: a program that names no augmentation compiles none.
class augmenting {
 public:
  template <class T>
  using step = void(void* images, const execution::frame<T>& batch, const selection& chosen,
                    const augment_plan& plan, std::span<const std::uint32_t> partners,
                    kernels::blocked<T> x);

  augmenting() = default;

  /// `Arch` stands in the name, so that two files with different -march share no code by accident.
  template <std::convertible_to<const augment_plan&> Plan, class Arch = kernels::native>
  augmenting(const Plan& plan)  // NOLINT(google-explicit-constructor): it is written as a policy
      : plan_(plan), step_(&run<float, Arch>) {}

  /// By the code of this processor, for a caller whose own `Arch` stands in its type.
  template <class Arch>
  static augmenting in(const augment_plan& plan) {
    augmenting made;
    made.plan_ = plan;
    made.step_ = &run<float, Arch>;
    return made;
  }

  const augment_plan& plan() const { return plan_; }
  bool empty() const { return plan_.empty(); }

  /// What augments batches of this scalar: its own, or what a trainer of another scalar or
  /// processor compiles for itself.
  template <class T, class Arch>
  step<T>* step_for() const {
    if constexpr (std::same_as<T, float> && std::same_as<Arch, kernels::native>) {
      return step_;
    } else {
      return &run<T, Arch>;
    }
  }

 private:
  template <class T, class Arch>
  static void run(void* images, const execution::frame<T>& batch, const selection& chosen,
                  const augment_plan& plan, std::span<const std::uint32_t> partners,
                  kernels::blocked<T> x) {
    static_cast<execution::batch_images<T, Arch>*>(images)->augment(batch, chosen, plan, partners,
                                                                    x);
  }

  augment_plan plan_;
  step<float>* step_ = nullptr;
};

}  // namespace lamina
