// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace lamina {

/// What a trainer needs of an optimizer: the number of values that it remembers for each weight
/// (zero before the first step), and an update of n weights, in place, for one step (counted from
/// 1), from their gradient and the `states` arrays of what it remembers. The update may be called
/// for any pieces of the weights, from several threads at once, and its result must not depend on
/// how they are cut. `Arch` is the instruction set.
template <class Optimizer>
concept an_optimizer = std::copyable<Optimizer> && std::default_initializable<Optimizer> &&
    requires(const Optimizer optimizer, float* weights, const float* gradient,
             float* const* state) {
  { Optimizer::states } -> std::convertible_to<int>;
  optimizer.template update<struct instruction_set>(std::int64_t{1}, weights, gradient, state,
                                                    std::ptrdiff_t{1});
};

}  // namespace lamina
