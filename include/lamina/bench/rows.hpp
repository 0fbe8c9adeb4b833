// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <benchmark/benchmark.h>
#include <oneapi/tbb/task_arena.h>

#include <lamina/bench/peak.hpp>

namespace lamina::bench {

/// What one iteration of a row does.
struct effort {
  double operations = 0;  // nominal: two for each multiply-add, taps on padding counted
  double executed = 0;    // without the taps on padding
  double bytes = 0;       // read or written once
  double images = 0;
};

/// 1, 2, 4, … and all the cores of this machine.
inline std::vector<int> thread_counts() {
  const int all = std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
  std::vector<int> counts;
  for (int n = 1; n < all; n *= 2) counts.push_back(n);
  counts.push_back(all);
  return counts;
}

/// The counters of a row whose iterations took so many seconds: `flops` a second, `peak` its share
/// of the fused multiply-add peak that was probed around the row, `executed` the share without the
/// taps on padding, `images` and `bytes` a second.
inline void report(benchmark::State& state, const effort& of, double seconds, double probed) {
  const auto rate = [&](const char* name, double value) {
    if (value != 0) state.counters[name] = value / seconds;
  };
  rate("images", of.images);
  rate("flops", of.operations);
  rate("bytes", of.bytes);
  rate("peak", of.operations / probed);
  if (of.executed != of.operations) rate("executed", of.executed / probed);
}

/// Runs `body` over and over on so many threads, the peak probed before and after; returns the
/// seconds that it takes.
template <class Body>
double measure(benchmark::State& state, int threads, const effort& of, const Body& body) {
  const double before = peak(threads);
  double seconds = 0;
  tbb::task_arena(threads).execute([&] {
    const double begun = seconds_of(threads);
    for (auto iteration : state) {
      body();
      benchmark::ClobberMemory();
    }
    seconds = seconds_of(threads) - begun;
  });
  seconds /= static_cast<double>(state.iterations());
  report(state, of, seconds, (before + peak(threads)) / 2);
  return seconds;
}

/// Whether a row was refused because it computes something wrong.
inline bool& found_mistakes() {
  static bool found = false;
  return found;
}

inline void refuse(benchmark::State& state, const char* mistake) {
  found_mistakes() = true;
  state.SkipWithError(mistake);
}

/// A row measured by the clock that fits its threads (see seconds_of).
template <class Function>
benchmark::internal::Benchmark* add_row(const std::string& name, int threads,
                                        const Function& function) {
  auto* row = benchmark::RegisterBenchmark(name.c_str(), function);
  if (threads > 1) row->UseRealTime();
  return row->Unit(benchmark::kMicrosecond);
}

/// What the rows were compiled by and ran on, for the head of the report.
inline void describe_this_run() {
#if defined(__clang__)
  benchmark::AddCustomContext("compiler", "clang " __clang_version__);
#elif defined(__GNUC__)
  benchmark::AddCustomContext("compiler", "g++ " __VERSION__);
#endif
  std::ifstream processors("/proc/cpuinfo");
  for (std::string line; std::getline(processors, line);) {
    if (line.starts_with("model name")) {
      benchmark::AddCustomContext("processor", line.substr(line.find(':') + 2));
      break;
    }
  }
  benchmark::AddCustomContext("vector_bytes",
                              std::to_string(kernels::width<kernels::native, float> * 4));
}

/// Runs the registered rows: five rounds in random order, unless the command line says otherwise
/// with Google Benchmark's own options. The exit status is 1 when no row was asked for or one
/// computed something wrong.
inline int run(int argc, char** argv) {
  std::string repetitions = "--benchmark_repetitions=5";
  std::string interleaving = "--benchmark_enable_random_interleaving=true";
  std::string time = "--benchmark_min_time=0.1";
  std::vector<char*> arguments{argv[0], repetitions.data(), interleaving.data(), time.data()};
  arguments.insert(arguments.end(), argv + 1, argv + argc);
  int count = static_cast<int>(arguments.size());
  benchmark::Initialize(&count, arguments.data());
  if (benchmark::ReportUnrecognizedArguments(count, arguments.data())) return 2;
  describe_this_run();
  const std::size_t rows = benchmark::RunSpecifiedBenchmarks();
  benchmark::Shutdown();
  return rows == 0 || found_mistakes() ? 1 : 0;
}

}  // namespace lamina::bench
