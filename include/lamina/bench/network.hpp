// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <lamina/bench/profile.hpp>
#include <lamina/bench/profile_one.hpp>
#include <lamina/bench/rows.hpp>
#include <lamina/bench/subject.hpp>
#include <lamina/bench/work.hpp>

namespace lamina::bench {

/// Which rows a network gets.
struct network_rows {
  std::vector<int> batches = {1, 16, 32, 128, 256, 1024};  // at most 1024 images
  std::vector<int> threads = thread_counts();
  int profiled_training = 32;    // images of the batch whose steps get rows of their own
  int profiled_inference = 256;  // the same of a prediction, on one thread
};

namespace detail {

inline effort effort_of(multiply_adds image, int images) {
  return {.operations = 2 * image.nominal * images,
          .executed = 2 * image.executed * images,
          .bytes = 0,
          .images = static_cast<double>(images)};
}

/// A row for each phase; the rounds of all of them are the same runs.
template <class Profile>
void register_phases(const std::string& name, int images, int threads) {
  struct rounds {
    std::unique_ptr<Profile> profile = {};
    std::vector<timed_phases> taken = {};
  };
  const auto shared = std::make_shared<rounds>();
  const std::vector<phase> phases = Profile::phases();
  for (std::size_t i = 0; i < phases.size(); ++i) {
    if (phases[i].name.ends_with(" flatten")) continue;  // moves nothing
    const auto row = [=, round = std::size_t{0},
                      work = phases[i].work](benchmark::State& state) mutable {
      if (shared->profile == nullptr) shared->profile = std::make_unique<Profile>(images);
      if (round == shared->taken.size()) shared->taken.push_back(shared->profile->run(threads));
      const timed_phases& result = shared->taken[round++];
      double whole = 0;
      for (const double seconds : result.seconds) whole += seconds;
      for (auto iteration : state) state.SetIterationTime(result.seconds[i]);
      report(state, effort_of(work, images), result.seconds[i], result.peak);
      state.counters["share"] = result.seconds[i] / whole;
    };
    benchmark::RegisterBenchmark((name + "/" + phases[i].name).c_str(), row)
        ->UseManualTime()
        ->Iterations(1)
        ->Unit(benchmark::kMicrosecond);
  }
}

}  // namespace detail

/// Registers the rows of a network: `NAME/training/batch:N/threads:N`, one optimizer's step on
/// images that lie in memory, `NAME/inference/…`, the whole of `classifier::predict`, and below
/// them a row for each fused step. One image on one thread also has `readings`: its time, by the
/// time that reading the weights once takes. True, to initialise a variable beside
/// BENCHMARK_MAIN().
///
///     lamina::bench::register_network<my_network>("my-network");
template <a_network Net>
bool register_network(const std::string& name, const network_rows& rows = {}) {
  const auto shared = std::make_shared<std::unique_ptr<subject<Net>>>();
  const auto add = [&](const char* what, int batch, int threads, multiply_adds image, auto run) {
    const std::string whole = name + "/" + what + "/batch:" + std::to_string(batch) +
                              "/threads:" + std::to_string(threads);
    add_row(whole, threads, [=](benchmark::State& state) {
      if (const char* mistake = subject<Net>::mistake(); *mistake != 0) {
        refuse(state, mistake);
        return;
      }
      if (*shared == nullptr) *shared = std::make_unique<subject<Net>>();
      const auto body = [&] { run(**shared, static_cast<std::size_t>(batch)); };
      const double before = (*shared)->reading_of_weights();
      const double seconds = measure(state, threads, detail::effort_of(image, batch), body);
      if (batch != 1 || threads != 1) return;
      state.counters["readings"] = 2 * seconds / (before + (*shared)->reading_of_weights());
    });
    return whole;
  };
  for (const int threads : rows.threads) {
    for (const int batch : rows.batches) {
      const auto training = add("training", batch, threads, training_work<Net>(),
                                [](auto& of, std::size_t images) { of.train(images); });
      if (batch == rows.profiled_training) {
        detail::register_phases<training_profile<Net>>(training, batch, threads);
      }
      const auto inference = add("inference", batch, threads, inference_work<Net>(),
                                 [](auto& of, std::size_t images) { of.predict(images); });
      if (threads != 1) continue;
      if (batch == rows.profiled_inference) {
        detail::register_phases<inference_profile<Net>>(inference, batch, threads);
      }
      if constexpr (one_image_profile<Net>::knows_all_layers) {
        if (batch == 1) detail::register_phases<one_image_profile<Net>>(inference, 1, 1);
      }
    }
  }
  return true;
}

}  // namespace lamina::bench
