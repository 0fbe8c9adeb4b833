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

/// Puts an index among the first `count`, which are sorted, behind those that it does not precede.
template <std::size_t Buffers, class Precedes>
constexpr void insert(std::array<std::size_t, Buffers>& sorted, std::size_t count,
                      std::size_t index, const Precedes& precedes) {
  std::size_t to = count;
  for (; to > 0 && precedes(index, sorted[to - 1]); --to) sorted[to] = sorted[to - 1];
  sorted[to] = index;
}

/// Puts each buffer, the largest first, at the lowest offset where it meets no other that is alive
/// at the same time.
template <std::size_t Buffers>
constexpr placement<Buffers> place(const std::array<lifetime, Buffers>& buffers) {
  placement<Buffers> result{};
  const auto larger = [&](std::size_t a, std::size_t b) {
    return buffers[a].size > buffers[b].size;
  };
  const auto lower = [&](std::size_t a, std::size_t b) {
    return result.offset[a] < result.offset[b];
  };
  std::array<std::size_t, Buffers> order{}, placed{};  // by size, by offset
  std::size_t count = 0;
  for (std::size_t i = 0; i < Buffers; ++i)
    if (buffers[i].size > 0) insert(order, count++, i, larger);
  for (std::size_t turn = 0; turn < count; ++turn) {
    const std::size_t next = order[turn];
    const lifetime& buffer = buffers[next];
    std::ptrdiff_t offset = 0;
    for (std::size_t i = 0; i < turn; ++i) {
      const std::size_t other = placed[i];
      if (!buffers[other].meets(buffer)) continue;
      if (offset + buffer.size <= result.offset[other]) break;
      if (offset < result.offset[other] + buffers[other].size)
        offset = result.offset[other] + buffers[other].size;
    }
    result.offset[next] = offset;
    insert(placed, turn, next, lower);
    result.without_reuse += buffer.size;
    if (offset + buffer.size > result.peak) result.peak = offset + buffer.size;
  }
  return result;
}

}  // namespace lamina::detail
