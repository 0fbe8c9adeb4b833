// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>

namespace lamina::detail {

/// A buffer that is alive from the step `begin` to the step `end`, both included.
struct lifetime {
  std::ptrdiff_t size = 0;
  int begin = 0;
  int end = -1;

  constexpr bool meets(const lifetime& other) const {
    return size > 0 && other.size > 0 && begin <= other.end && other.begin <= end;
  }
};

template <std::size_t Buffers>
struct placement {
  std::array<std::ptrdiff_t, Buffers> offset{};
  std::ptrdiff_t peak = 0;           // what the arena needs
  std::ptrdiff_t without_reuse = 0;  // what buffers of their own would need
};

/// The index of the largest buffer that has no place yet, or `Buffers`.
template <std::size_t Buffers>
constexpr std::size_t largest(const std::array<lifetime, Buffers>& buffers,
                              const std::array<bool, Buffers>& done) {
  std::size_t best = Buffers;
  for (std::size_t i = 0; i < Buffers; ++i) {
    if (!done[i] && (best == Buffers || buffers[i].size > buffers[best].size)) best = i;
  }
  return best;
}

/// Puts each buffer, the largest first, at the lowest offset where it meets no other that is alive
/// at the same time.
template <std::size_t Buffers>
constexpr placement<Buffers> place(const std::array<lifetime, Buffers>& buffers) {
  placement<Buffers> result{};
  std::array<bool, Buffers> done{};
  for (std::size_t turn = 0; turn < Buffers; ++turn) {
    const std::size_t next = largest(buffers, done);
    std::ptrdiff_t offset = 0;
    for (bool moved = true; moved;) {
      moved = false;
      for (std::size_t i = 0; i < Buffers; ++i) {
        const std::ptrdiff_t end = result.offset[i] + buffers[i].size;
        if (done[i] && buffers[i].meets(buffers[next]) && offset < end &&
            result.offset[i] < offset + buffers[next].size) {
          offset = end;
          moved = true;
        }
      }
    }
    result.offset[next] = offset;
    done[next] = true;
    result.without_reuse += buffers[next].size;
    if (offset + buffers[next].size > result.peak) result.peak = offset + buffers[next].size;
  }
  return result;
}

}  // namespace lamina::detail
