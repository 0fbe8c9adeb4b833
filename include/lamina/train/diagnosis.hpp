// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/train/history.hpp"

namespace lamina {

/// What the curves of a training run mean.
enum class curve_shape { fits, overfits, underfits, diverges };

struct diagnosis {
  curve_shape shape = curve_shape::fits;
  int epoch = 0;         // from which it overfits or diverges
  std::string sentence;  // the same with its figures

  std::string_view name() const {
    constexpr std::string_view names[] = {"fits", "overfits", "underfits", "diverges"};
    return names[static_cast<int>(shape)];
  }
};

namespace detail {

/// The rules by which curves are read, on the validation images, without them on the test images,
/// without those on the training images alone.
class curve_reader {
 public:
  static constexpr double little = 0.05;  // of the accuracy, between the two sets
  static constexpr double much = 1.1;     // times the smallest loss
  static constexpr double learnt = 0.9;   // of the training images are right

  explicit curve_reader(const history& run) : run_{run.epochs} {
    const auto has = [&](double epoch_record::*column) {
      return !run_.empty() && std::all_of(run_.begin(), run_.end(), [&](const auto& epoch) {
        return epoch.*column == epoch.*column;
      });
    };
    if (has(&epoch_record::validation_loss)) {
      set_ = "validation";
      loss_ = &epoch_record::validation_loss;
      accuracy_ = &epoch_record::validation_accuracy;
    } else if (has(&epoch_record::test_loss)) {
      set_ = "test";
      loss_ = &epoch_record::test_loss;
      accuracy_ = &epoch_record::test_accuracy;
    }
    judged_ = has(&epoch_record::accuracy) && (set_.empty() || has(accuracy_));
  }

  diagnosis read() const {
    if (run_.empty()) return {curve_shape::fits, 0, "No epoch was trained."};
    if (const int epoch = diverging_epoch()) return diverges(epoch);
    if (const int epoch = rising_epoch()) return loss_rises(epoch);
    if (const int epoch = parting_epoch()) return accuracies_part(epoch);
    if (judged_ && last().accuracy < learnt) return underfits();
    return fits();
  }

 private:
  const epoch_record& last() const { return run_.back(); }
  const epoch_record& smallest(double epoch_record::*column) const {
    return *std::min_element(run_.begin(), run_.end(),
                             [&](const auto& a, const auto& b) { return a.*column < b.*column; });
  }

  /// The first epoch whose training loss is no number, or the one after the smallest where the last
  /// one is larger than the first.
  int diverging_epoch() const {
    for (const auto& epoch : run_)
      if (!std::isfinite(epoch.loss)) return epoch.epoch;
    if (last().loss <= much * run_.front().loss) return 0;
    return smallest(&epoch_record::loss).epoch + 1;
  }

  /// The epoch after which the held-out loss rose while the training loss went on to fall.
  int rising_epoch() const {
    if (set_.empty()) return 0;
    const auto& best = smallest(loss_);
    const bool rose = last().*loss_ > much * (best.*loss_), fell = last().loss < best.loss;
    return rose && fell ? best.epoch + 1 : 0;
  }

  /// The first epoch since which the accuracies have been apart.
  int parting_epoch() const {
    if (set_.empty() || !judged_) return 0;
    int epoch = 0;
    for (const auto& each : run_) {
      const bool apart = each.accuracy - each.*accuracy_ > little;
      epoch = !apart ? 0 : epoch != 0 ? epoch : each.epoch;
    }
    return epoch;
  }

  diagnosis diverges(int epoch) const {
    const auto& best = smallest(&epoch_record::loss);
    return {curve_shape::diverges, epoch,
            text("Diverges from epoch %d: the training loss was %.4g after epoch %d and is %.4g "
                 "after epoch %d; a smaller learning rate may help.",
                 epoch, best.loss, best.epoch, last().loss, last().epoch)};
  }

  diagnosis loss_rises(int epoch) const {
    const auto& best = smallest(loss_);
    return {curve_shape::overfits, epoch,
            text("Overfits from epoch %d: the %s loss rose from %.3f to %.3f while the training "
                 "loss fell from %.3f to %.3f",
                 epoch, set_.c_str(), best.*loss_, last().*loss_, best.loss, last().loss) +
                both_accuracies()};
  }

  diagnosis accuracies_part(int epoch) const {
    return {curve_shape::overfits, epoch,
            text("Overfits from epoch %d: since then more than %.0f points lie between the "
                 "accuracies",
                 epoch, 100 * little) +
                both_accuracies()};
  }

  diagnosis underfits() const {
    return {
        curve_shape::underfits, 0,
        text("Underfits: after %d epochs the training loss is %.3f", last().epoch, last().loss) +
            both_accuracies()};
  }

  diagnosis fits() const {
    std::string sentence = text("Fits: after %d epoch%s the training loss is %.3f", last().epoch,
                                last().epoch == 1 ? "" : "s", last().loss);
    if (!set_.empty())
      sentence += text(" and the %s loss %.3f, its smallest being %.3f (epoch %d)", set_.c_str(),
                       last().*loss_, smallest(loss_).*loss_, smallest(loss_).epoch);
    return {curve_shape::fits, 0, sentence + both_accuracies()};
  }

  std::string both_accuracies() const {
    if (!judged_) return ".";
    std::string sentence =
        text("; right are %.1f %% of the training images", 100 * last().accuracy);
    if (!set_.empty())
      sentence += text(" and %.1f %% of the %s images", 100 * (last().*accuracy_), set_.c_str());
    return sentence + '.';
  }

  template <class... Values>
  static std::string text(const char* format, Values... values) {
    char line[400];
    std::snprintf(line, sizeof line, format, values...);
    return line;
  }

  const std::vector<epoch_record>& run_;
  std::string set_;
  double epoch_record::*loss_ = &epoch_record::loss;
  double epoch_record::*accuracy_ = &epoch_record::accuracy;
  bool judged_ = false;
};

}  // namespace detail

/// What the curves of a run mean. It overfits where the held-out loss ends more than a tenth above
/// its smallest while the training loss fell on, or more than 5 points lie between the accuracies;
/// it underfits where fewer than 90 % of the training images are right at the end; it diverges
/// where the training loss ends above the first epoch's, or as no number.
inline diagnosis diagnose(const history& run) { return detail::curve_reader{run}.read(); }

}  // namespace lamina
