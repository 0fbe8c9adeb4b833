// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>

namespace lamina {

/// What lies beyond the edges of a picture, as in Keras: its edge (`a a a | a b c d | d d d`), a
/// value (`k k k | a b c d | k k k`), its mirror image (`c b a | a b c d | d c b`) or the picture
/// again (`b c d | a b c d | a b c`).
enum class fill_mode { nearest, constant, reflect, wrap };

enum class transform_kind {
  rotate,
  zoom,
  shift,
  shear,
  flip_horizontal,
  brightness,
  contrast,
  cutout,
  elastic,
  mixup,
  fill
};

constexpr bool is_geometric(transform_kind kind) { return kind <= transform_kind::flip_horizontal; }

/// One transform of a policy with its amounts; what they are says the type that it comes from.
struct augment_step {
  transform_kind kind = transform_kind::fill;
  double first = 0, second = 0;
};

/// An augmentation policy as a value: what `augmentation<…>` becomes, so that one piece of code
/// serves every policy. The empty one changes nothing.
struct augment_plan {
  static constexpr std::size_t most_steps = 10;

  std::array<augment_step, most_steps> steps = {};
  std::size_t count = 0;
  fill_mode fill = fill_mode::nearest;
  double fill_value = 0;

  constexpr const augment_step* begin() const { return steps.data(); }
  constexpr const augment_step* end() const { return steps.data() + count; }
  constexpr bool empty() const { return count == 0; }

  constexpr const augment_step* find(transform_kind kind) const {
    for (const augment_step& step : *this)
      if (step.kind == kind) return &step;
    return nullptr;
  }
  constexpr bool has(transform_kind kind) const { return find(kind) != nullptr; }

  /// Whether pixels move.
  constexpr bool resamples() const {
    for (const augment_step& step : *this)
      if (is_geometric(step.kind) || step.kind == transform_kind::elastic) return true;
    return false;
  }
};

}  // namespace lamina
