// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>

namespace lamina {

enum class preprocess_kind { grey, crop_to_square, resize_to, centre_ink, scale_to, standardise };

/// Whether a step changes pictures; the others change the values that are read from them.
constexpr bool is_of_pictures(preprocess_kind kind) { return kind <= preprocess_kind::centre_ink; }

constexpr bool makes_the_size(preprocess_kind kind) {
  return kind == preprocess_kind::resize_to || kind == preprocess_kind::centre_ink;
}

struct preprocess_step {
  preprocess_kind kind = preprocess_kind::grey;
  double first = 0, second = 0;

  friend constexpr bool operator==(const preprocess_step&, const preprocess_step&) = default;
};

/// A preprocessing policy as a value: what `preprocessing<…>` becomes.
struct preprocess_plan {
  static constexpr std::size_t most_steps = 6;

  std::array<preprocess_step, most_steps> steps = {};
  std::size_t count = 0;

  constexpr const preprocess_step* begin() const { return steps.data(); }
  constexpr const preprocess_step* end() const { return steps.data() + count; }

  constexpr const preprocess_step* find(preprocess_kind kind) const {
    for (const preprocess_step& step : *this)
      if (step.kind == kind) return &step;
    return nullptr;
  }

  /// The size that pictures get.
  constexpr int height() const { return size(false); }
  constexpr int width() const { return size(true); }

  /// A value x, from 0 to 1, reaches the network as factor() x + offset().
  constexpr double factor() const { return (upper() - lower()) / deviation(); }
  constexpr double offset() const { return (lower() - mean()) / deviation(); }

  friend constexpr bool operator==(const preprocess_plan&, const preprocess_plan&) = default;

 private:
  constexpr int size(bool width) const {
    for (const auto& [kind, first, second] : *this) {
      if (kind == preprocess_kind::resize_to) return static_cast<int>(width ? second : first);
      if (kind == preprocess_kind::centre_ink) return static_cast<int>(second);
    }
    return 0;
  }

  constexpr double amount(preprocess_kind kind, bool second, double otherwise) const {
    const preprocess_step* const step = find(kind);
    return step == nullptr ? otherwise : second ? step->second : step->first;
  }
  constexpr double lower() const { return amount(preprocess_kind::scale_to, false, 0); }
  constexpr double upper() const { return amount(preprocess_kind::scale_to, true, 1); }
  constexpr double mean() const { return amount(preprocess_kind::standardise, false, 0); }
  constexpr double deviation() const { return amount(preprocess_kind::standardise, true, 1); }
};

}  // namespace lamina
