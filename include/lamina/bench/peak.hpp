// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <ctime>
#include <vector>

#include <benchmark/benchmark.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>

#include <lamina/kernels/simd.hpp>

namespace lamina::bench {

/// Seconds of the clock that a row is measured by: one thread by the processor time that it got, so
/// that what else runs on the machine is not counted, several threads by the clock on the wall.
inline double seconds_of(int threads) {
#if defined(CLOCK_THREAD_CPUTIME_ID)
  if (threads == 1) {
    std::timespec now{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  }
#endif
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Of at least one value; of an even number the upper one of the two in the middle.
inline double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Runs `rounds` times twelve independent fused multiply-adds on full registers, which is more than
/// latency times units of any processor so far and fits into 16 registers; returns the operations.
template <class T = float, class Arch = kernels::native>
double multiply_and_add(std::int64_t rounds) {
  using vector = kernels::batch<Arch, T>;
  constexpr int chains = 12;
  const vector factor = kernels::held(vector(T(0.999)));
  const vector addend = kernels::held(vector(T(0.001)));
  vector sums[chains];
  kernels::unroll<chains>([&](auto i) { sums[i] = kernels::held(vector(static_cast<T>(i))); });
  for (std::int64_t round = 0; round < rounds; ++round) {
    kernels::unroll<chains>([&](auto i) __attribute__((always_inline)) {
      sums[i] = kernels::held(kernels::fma(sums[i], factor, addend));
    });
  }
  for (int i = 1; i < chains; ++i) sums[0] = sums[0] + sums[i];
  benchmark::DoNotOptimize(kernels::sum(sums[0]));
  return 2.0 * chains * kernels::width<Arch, T> * static_cast<double>(rounds);
}

/// Calls f(0) to f(threads - 1) in the caller's arena, at the same time if the cores are free.
template <class Function>
void on_each(int threads, const Function& f) {
  tbb::parallel_for(0, threads, f, tbb::static_partitioner{});
}

/// The fused multiply-add peak of so many cores at once, operations a second, probed for about a
/// millisecond: the sum of what each of them reached. They wait for each other to begin, but no
/// longer than another millisecond.
template <class T = float, class Arch = kernels::native>
double peak(int threads) {
  constexpr std::int64_t rounds = 200'000;
  std::vector<double> rates(static_cast<std::size_t>(threads));
  std::atomic<int> ready = 0;
  const auto probe = [&](int thread) {
    const double called = seconds_of(2);
    ++ready;
    while (ready < threads && seconds_of(2) - called < 1e-3) {
    }
    const double begun = seconds_of(threads);
    const double operations = multiply_and_add<T, Arch>(rounds);
    rates[static_cast<std::size_t>(thread)] = operations / (seconds_of(threads) - begun);
  };
  tbb::task_arena(threads).execute([&] { on_each(threads, probe); });
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

}  // namespace lamina::bench
