// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <vector>

#include <benchmark/benchmark.h>
#include <oneapi/tbb/task_arena.h>

#include <lamina/bench/peak.hpp>
#include <lamina/bench/rows.hpp>

namespace lamina::bench {

namespace detail {

template <class Body>
double seconds_taken(int threads, const Body& body) {
  const double begun = seconds_of(threads);
  body();
  benchmark::ClobberMemory();
  return seconds_of(threads) - begun;
}

}  // namespace detail

/// A row of `whole`, which a program calls, in turns with `alone`, the work that cannot be spared:
/// the counter `beside` is the time of the one by that of the other, medians of the turns. For a
/// row with manual time.
template <class Whole, class Alone>
void measure_beside(benchmark::State& state, int threads, const effort& of, const Whole& whole,
                    const Alone& alone) {
  const double before = peak(threads);
  std::vector<double> seconds;
  std::vector<double> seconds_alone;
  tbb::task_arena(threads).execute([&] {
    whole();
    alone();
    for (auto iteration : state) {
      seconds.push_back(detail::seconds_taken(threads, whole));
      seconds_alone.push_back(detail::seconds_taken(threads, alone));
      state.SetIterationTime(seconds.back());
    }
  });
  const double middle = median(seconds);
  report(state, of, middle, (before + peak(threads)) / 2);
  state.counters["beside"] = middle / median(seconds_alone);
}

}  // namespace lamina::bench
