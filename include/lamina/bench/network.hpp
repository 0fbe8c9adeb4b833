// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <lamina/bench/beside.hpp>
#include <lamina/bench/direct.hpp>
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
  int profiled_training = 32;      // images of the batch whose steps get rows of their own
  int profiled_inference = 256;    // the same of a prediction, on one thread
  int fitted = 32;                 // images of a batch of the epoch that is run by `fit`
  augment_plan augmentation = {};  // an `augmentation<…>`: an epoch with it has a row, too
};

namespace detail {

inline effort effort_of(multiply_adds image, int images) {
  return {.operations = 2 * image.nominal * images,
          .executed = 2 * image.executed * images,
          .bytes = 0,
          .images = static_cast<double>(images)};
}

/// What an image of a prediction of so many takes: a few are computed directly.
template <a_network Net>
multiply_adds prediction_work(int images) {
  return images <= one_image_profile<Net>::most ? inference_work<bench::made_direct<Net>>()
                                                : inference_work<Net>();
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

/// One subject for the rows of a network; null in a row that is refused because of what is wrong.
template <a_network Net>
class shared_subject {
 public:
  subject<Net>* of(benchmark::State& state) const {
    if (const char* mistake = subject<Net>::mistake(); *mistake != 0) {
      refuse(state, mistake);
      return nullptr;
    }
    if (*made_ == nullptr) *made_ = std::make_unique<subject<Net>>();
    return made_->get();
  }

 private:
  std::shared_ptr<std::unique_ptr<subject<Net>>> made_ =
      std::make_shared<std::unique_ptr<subject<Net>>>();
};

/// A row whose time `measure_beside` sets.
template <class Function>
void add_row_beside(const std::string& name, const Function& function) {
  benchmark::RegisterBenchmark(name.c_str(), function)
      ->UseManualTime()
      ->Unit(benchmark::kMicrosecond);
}

/// Rows of what a program calls, held against the work itself: an epoch of `fit` and its steps, an
/// epoch with augmentation and one without, a prediction of one image and its phases; and the
/// evaluation of a data set.
template <a_network Net>
void register_calls(const std::string& name, shared_subject<Net> shared, const network_rows& rows,
                    int threads) {
  constexpr int all = static_cast<int>(subject<Net>::most_images);
  const std::string on = "/threads:" + std::to_string(threads);
  const auto images = static_cast<std::size_t>(rows.fitted);
  const auto add_epoch = [&](const char* what, auto whole, auto alone) {
    add_row_beside(name + what + "/batch:" + std::to_string(rows.fitted) + on,
                   [=](benchmark::State& state) {
                     subject<Net>* const of = shared.of(state);
                     if (of == nullptr) return;
                     measure_beside(
                         state, threads, effort_of(training_work<Net>(), all), [=] { whole(*of); },
                         [=] { alone(*of); });
                   });
  };
  const auto fit = [=](subject<Net>& of) { of.fit(images); };
  add_epoch("/fit", fit, [=](subject<Net>& of) { of.train_epoch(images); });
  if (const augment_plan policy = rows.augmentation; !policy.empty())
    add_epoch(
        "/augmented", [=](subject<Net>& of) { of.fit(images, policy); }, fit);
  add_row(name + "/evaluation/images:" + std::to_string(all) + on, threads,
          [=](benchmark::State& state) {
            if (subject<Net>* const of = shared.of(state); of != nullptr)
              measure(state, threads, effort_of(inference_work<Net>(), all),
                      [=] { of->evaluate(all); });
          });
  if constexpr (one_image_profile<Net>::knows_all_layers) {
    if (threads != 1) return;
    add_row_beside(name + "/predict/images:1" + on, [=](benchmark::State& state) {
      subject<Net>* const of = shared.of(state);
      if (of == nullptr) return;
      one_image_profile<Net> alone(1);
      measure_beside(
          state, threads, effort_of(prediction_work<Net>(1), 1), [=] { of->predict(1); },
          [&] { alone.run_alone(); });
    });
  }
}

}  // namespace detail

/// Registers the rows of a network: `NAME/training/batch:N/threads:N`, one optimizer's step on
/// images that lie in memory, `NAME/inference/…`, the whole of `classifier::predict`, and below
/// them a row for each fused step. One image on one thread also has `readings`: its time, by the
/// time that reading the weights once takes. `NAME/fit/…`, `NAME/predict/…`: an epoch and a
/// prediction of one image, with `beside`, their time by that of their steps alone;
/// `NAME/augmented/…`: an epoch by that of `fit` without; `NAME/evaluation/…`: of a second data
/// set. True, to initialise a variable beside BENCHMARK_MAIN().
///
///     lamina::bench::register_network<my_network>("my-network");
template <a_network Net>
bool register_network(const std::string& name, const network_rows& rows = {}) {
  const detail::shared_subject<Net> shared;
  const auto add = [&](const char* what, int batch, int threads, multiply_adds image, auto run) {
    const std::string whole = name + "/" + what + "/batch:" + std::to_string(batch) +
                              "/threads:" + std::to_string(threads);
    add_row(whole, threads, [=](benchmark::State& state) {
      subject<Net>* const of = shared.of(state);
      if (of == nullptr) return;
      const auto body = [&] { run(*of, static_cast<std::size_t>(batch)); };
      const double before = of->reading_of_weights();
      const double seconds = measure(state, threads, detail::effort_of(image, batch), body);
      if (batch != 1 || threads != 1) return;
      state.counters["readings"] = 2 * seconds / (before + of->reading_of_weights());
    });
    return whole;
  };
  for (const int threads : rows.threads) {
    detail::register_calls<Net>(name, shared, rows, threads);
    for (const int batch : rows.batches) {
      const auto training = add("training", batch, threads, training_work<Net>(),
                                [](auto& of, std::size_t images) { of.train(images); });
      if (batch == rows.profiled_training) {
        detail::register_phases<training_profile<Net>>(training, batch, threads);
      }
      const auto inference = add("inference", batch, threads, detail::prediction_work<Net>(batch),
                                 [](auto& of, std::size_t images) { of.predict(images); });
      if (threads != 1) continue;
      if (batch == rows.profiled_inference) {
        detail::register_phases<inference_profile<Net>>(inference, batch, threads);
      }
      if constexpr (one_image_profile<Net>::knows_all_layers) {
        if (batch == 1)
          detail::register_phases<one_image_profile<made_direct<Net>>>(inference, 1, 1);
      }
    }
  }
  return true;
}

}  // namespace lamina::bench
