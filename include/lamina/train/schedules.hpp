// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <span>
#include <string>
#include <string_view>

#include "lamina/error.hpp"
#include "lamina/text.hpp"
#include "lamina/train/callback.hpp"
#include "lamina/train/history.hpp"

namespace lamina {

/// Where in a run the next step of the optimizer stands.
struct schedule_point {
  std::int64_t step = 0;   // steps done, of all epochs
  std::int64_t steps = 1;  // of the whole run
  std::int64_t steps_of_epoch = 1;
  std::span<const epoch_record> epochs = {};  // what the epochs done came to
};

/// How the learning rate moves in a run: each of these gives the factor that the optimizer's rate
/// is multiplied by.
namespace schedules {

struct constant {
  double operator()(const schedule_point&) const { return 1; }
};

/// Multiplied by `factor` after every so many epochs (PyTorch's StepLR: step_size, gamma).
struct step {
  int every = 10;
  double factor = 0.1;

  double operator()(const schedule_point& at) const {
    const std::int64_t period = std::max(1, every) * at.steps_of_epoch;
    return std::pow(factor, static_cast<double>(at.step / period));
  }
};

/// Half a cosine from 1 to `end` over the run (Keras' CosineDecay: alpha; PyTorch's
/// CosineAnnealingLR with T_max steps: eta_min over the rate).
struct cosine {
  double end = 0;

  double operator()(const schedule_point& at) const {
    const double part = std::min(1.0, static_cast<double>(at.step) / static_cast<double>(at.steps));
    return end + (1 - end) * (1 + std::cos(std::numbers::pi * part)) / 2;
  }
};

/// Half a cosine up from 1 / `begin_divisor` to 1, then half a cosine down to that over
/// `end_divisor` at the last step (L. Smith, N. Topin, Super-convergence, 2018; PyTorch's
/// OneCycleLR, whose max_lr is the optimizer's rate here: pct_start, div_factor, final_div_factor).
/// The momentum stays as it is.
struct one_cycle {
  double rising = 0.3;  // part of the run
  double begin_divisor = 25, end_divisor = 1e4;

  double operator()(const schedule_point& at) const {
    const double last = static_cast<double>(at.steps - 1), step = static_cast<double>(at.step);
    const double top = rising * static_cast<double>(at.steps) - 1;
    const double begin = 1 / begin_divisor;
    if (step <= top) return between(begin, 1, top > 0 ? step / top : 1);
    return between(1, begin / end_divisor,
                   last > top ? std::min(1.0, (step - top) / (last - top)) : 1);
  }

 private:
  static double between(double from, double to, double part) {
    return to + (from - to) * (1 + std::cos(std::numbers::pi * part)) / 2;
  }
};

/// Multiplied by `factor` when the loss on the validation images, without them on the training
/// images, has not fallen below (1 - threshold) times its smallest for more than `patience` epochs
/// (PyTorch's ReduceLROnPlateau in the mode "min" and the threshold mode "rel", min_lr over the
/// rate as `least`).
struct on_plateau {
  double factor = 0.1;
  int patience = 10;
  double threshold = 1e-4;
  int cooldown = 0;
  double least = 0;

  double operator()(const schedule_point& at) const {
    double best = std::numeric_limits<double>::infinity(), rate = 1;
    int waited = 0, cooling = 0;
    for (const epoch_record& epoch : at.epochs) {
      const bool better = epoch.watched_loss() < best * (1 - threshold);
      if (better) best = epoch.watched_loss();
      waited = better ? 0 : waited + 1;
      if (cooling > 0) {
        --cooling;
        waited = 0;
      }
      if (waited <= patience) continue;
      rate = std::max(rate * factor, least);
      cooling = cooldown;
      waited = 0;
    }
    return rate;
  }
};

/// A line up from `start` to 1 over the first epochs (PyTorch's LinearLR); the schedule begins
/// after it and has the rest of the run (SequentialLR).
struct warm_up {
  double epochs = 0;  // not only whole ones
  double start = 1.0 / 3;
};

}  // namespace schedules

/// One of them, or a function of one's own from the point to the factor.
using schedule = callback<double(const schedule_point&)>;

/// Names for schedules that are chosen at run time.
inline constexpr std::array<std::string_view, 5> schedule_names{"constant", "step", "cosine",
                                                                "one-cycle", "on-plateau"};

/// The schedule of that name with its defaults. Throws `error` if there is none.
inline schedule schedule_named(std::string_view name) {
  // in the order of the names
  const std::array<schedule, 5> all{schedules::constant{}, schedules::step{}, schedules::cosine{},
                                    schedules::one_cycle{}, schedules::on_plateau{}};
  for (std::size_t i = 0; i < all.size(); ++i)
    if (schedule_names[i] == name) return all[i];
  throw error(detail::joined(
      "schedule: expected constant, step, cosine, one-cycle or on-plateau, found '", name, "'"));
}

/// What the optimizer's learning rate is multiplied by at this step.
inline double rate_factor(const schedule& how, const schedules::warm_up& before,
                          schedule_point at) {
  const auto rising = static_cast<std::int64_t>(
      std::llround(before.epochs * static_cast<double>(at.steps_of_epoch)));
  if (at.step < rising) {
    const double part = static_cast<double>(at.step) / static_cast<double>(rising);
    return before.start + (1 - before.start) * part;
  }
  at.step -= rising;
  at.steps = std::max<std::int64_t>(1, at.steps - rising);
  return how ? how(at) : 1;
}

}  // namespace lamina
