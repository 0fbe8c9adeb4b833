// SPDX-License-Identifier: BSL-1.0
#include <lamina/plan/arena.hpp>

#include <algorithm>

namespace {

using lamina::detail::lifetime;

constexpr std::size_t count = 12;
using buffers = std::array<lifetime, count>;

/// Buffers of sizes 0 to 9, each alive for up to six steps.
constexpr buffers drawn(unsigned seed) {
  buffers all{};
  const auto draw = [&](unsigned below) {
    seed = seed * 1664525 + 1013904223;
    return static_cast<int>((seed >> 16) % below);
  };
  for (lifetime& each : all) {
    each.size = draw(10);
    each.begin = draw(12);
    each.end = each.begin + draw(6);
  }
  return all;
}

/// Whether no two buffers that are alive together share memory, and what is needed is the end of
/// the last one and no more than they take side by side.
constexpr bool keeps_apart(const buffers& all) {
  const auto placed = lamina::detail::place(all);
  std::ptrdiff_t peak = 0, sum = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const std::ptrdiff_t end = placed.offset[i] + all[i].size;
    for (std::size_t j = 0; j < i; ++j)
      if (all[i].meets(all[j]) && placed.offset[i] < placed.offset[j] + all[j].size &&
          placed.offset[j] < end)
        return false;
    peak = std::max(peak, end);
    sum += all[i].size;
  }
  return peak == placed.peak && sum == placed.without_reuse && peak <= sum;
}

/// Whether each buffer lies at zero or begins where one ends that is as large or larger and alive
/// with it.
constexpr bool lies_low(const buffers& all) {
  const auto placed = lamina::detail::place(all);
  for (std::size_t i = 0; i < count; ++i) {
    bool supported = placed.offset[i] == 0;
    for (std::size_t j = 0; j < count; ++j)
      supported = supported || (all[i].meets(all[j]) && all[j].size >= all[i].size &&
                                placed.offset[j] + all[j].size == placed.offset[i]);
    if (!supported) return false;
  }
  return true;
}

constexpr bool holds_for(unsigned seeds) {
  for (unsigned seed = 0; seed < seeds; ++seed)
    if (!keeps_apart(drawn(seed)) || !lies_low(drawn(seed))) return false;
  return true;
}

static_assert(holds_for(50));

// the lowest gap that is large enough, also between two that came before
static_assert(lamina::detail::place(std::array<lifetime, 4>{
                                        {{9, 0, 1}, {8, 1, 3}, {7, 3, 4}, {2, 3, 4}}})
                  .offset == std::array<std::ptrdiff_t, 4>{0, 9, 0, 7});

}  // namespace
