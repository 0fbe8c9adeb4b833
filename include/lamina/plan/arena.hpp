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

/// The indices of the buffers that have a size, the largest first.
template <std::size_t Buffers>
struct by_size {
  std::array<std::size_t, Buffers> at{};
  std::size_t count = 0;

  constexpr explicit by_size(const std::array<lifetime, Buffers>& buffers) {
    for (std::size_t i = 0; i < Buffers; ++i) {
      if (buffers[i].size <= 0) continue;
      std::size_t to = count++;
      for (; to > 0 && buffers[at[to - 1]].size < buffers[i].size; --to) at[to] = at[to - 1];
      at[to] = i;
    }
  }
};

/// Puts each buffer, the largest first, at the lowest offset where it meets no other that is alive
/// at the same time.
template <std::size_t Buffers>
constexpr placement<Buffers> place(const std::array<lifetime, Buffers>& buffers) {
  placement<Buffers> result{};
  const by_size<Buffers> order{buffers};
  std::array<std::size_t, Buffers> placed{};  // by offset
  for (std::size_t turn = 0; turn < order.count; ++turn) {
    const std::size_t next = order.at[turn];
    const lifetime& buffer = buffers[next];
    std::ptrdiff_t offset = 0;
    for (std::size_t i = 0; i < turn; ++i) {
      const std::size_t other = placed[i];
      if (!buffers[other].meets(buffer)) continue;
      if (offset + buffer.size <= result.offset[other]) break;
      if (offset < result.offset[other] + buffers[other].size)
        offset = result.offset[other] + buffers[other].size;
    }
    std::size_t to = turn;
    for (; to > 0 && result.offset[placed[to - 1]] > offset; --to) placed[to] = placed[to - 1];
    placed[to] = next;
    result.offset[next] = offset;
    result.without_reuse += buffer.size;
    if (offset + buffer.size > result.peak) result.peak = offset + buffer.size;
  }
  return result;
}

}  // namespace lamina::detail
