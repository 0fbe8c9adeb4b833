// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <vector>

#include <lamina/bench/peak.hpp>
#include <lamina/kernels/simd.hpp>

namespace lamina::bench {

/// Loads `bytes` bytes once into registers, and does nothing with them: `Streams` places that lie
/// `bytes / Streams` apart advance side by side, with `Prefetch` each asks for what comes 512 bytes
/// later. `data` is aligned to 64 bytes, `bytes` a multiple of 64 * Streams.
template <int Streams, bool Prefetch>
void read_once(const float* data, std::ptrdiff_t bytes) {
  using Arch = kernels::native;
  constexpr int width = kernels::width<Arch, float>;
  constexpr int line = 16;  // floats
  const std::ptrdiff_t apart = bytes / Streams / static_cast<std::ptrdiff_t>(sizeof(float));
  for (std::ptrdiff_t i = 0; i < apart; i += line) {
    kernels::unroll<Streams>([&](auto stream) __attribute__((always_inline)) {
      const float* at = data + stream * apart + i;
      if constexpr (Prefetch) __builtin_prefetch(at + 8 * line);
      kernels::unroll<line / width>([&](auto part) __attribute__((always_inline)) {
        kernels::held(kernels::load<Arch>(at + part * width));
      });
    });
  }
}

/// Seconds that the fastest of several loops takes to read these bytes once, as the median of its
/// rounds: what is compared with it is no lucky pass either. `data` as for read_once, what does not
/// fill 512 bytes is left out.
inline double fastest_reading(const float* data, std::ptrdiff_t bytes, int rounds = 25) {
  const std::ptrdiff_t whole = bytes / 512 * 512;
  double best = 1e9;
  const auto attempt = [&](auto loop) {
    std::vector<double> seconds;
    for (int round = 0; round < rounds; ++round) {
      const double begun = seconds_of(1);
      loop(data, whole);
      seconds.push_back(seconds_of(1) - begun);
    }
    best = std::min(best, median(seconds));
  };
  attempt(read_once<1, false>);
  attempt(read_once<4, false>);
  attempt(read_once<8, false>);
  attempt(read_once<1, true>);
  attempt(read_once<4, true>);
  attempt(read_once<8, true>);
  return best * static_cast<double>(bytes) / static_cast<double>(whole);
}

}  // namespace lamina::bench
