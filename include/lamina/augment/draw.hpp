// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <numbers>

#include <lamina/augment/plan.hpp>
#include <lamina/random.hpp>

namespace lamina {

/// Where in the source the value of a pixel comes from, about the picture's centre:
/// (row, column) of the source = matrix (row, column) + offset, in pixels.
struct affine_map {
  double row_row = 1, row_column = 0, column_row = 0, column_column = 1;
  double row_offset = 0, column_offset = 0;

  /// The map of this transform and, on what it leaves, of the next one: the source of a pixel of
  /// the second picture is looked up in the first one, and from there in the original.
  constexpr affine_map then(const affine_map& next) const {
    return {row_row * next.row_row + row_column * next.column_row,
            row_row * next.row_column + row_column * next.column_column,
            column_row * next.row_row + column_column * next.column_row,
            column_row * next.row_column + column_column * next.column_column,
            row_row * next.row_offset + row_column * next.column_offset + row_offset,
            column_row * next.row_offset + column_column * next.column_offset + column_offset};
  }

  /// Keras' matrices (keras.preprocessing.image.apply_affine_transform); its x is the row.
  static affine_map rotation(double degrees) {
    const double angle = degrees * (std::numbers::pi / 180);
    return {std::cos(angle), -std::sin(angle), std::sin(angle), std::cos(angle)};
  }
  static affine_map shearing(double degrees) {
    const double angle = degrees * (std::numbers::pi / 180);
    return {1, -std::sin(angle), 0, std::cos(angle)};
  }
  static constexpr affine_map zooming(double rows, double columns) { return {rows, 0, 0, columns}; }
  static constexpr affine_map shifting(double rows, double columns) {
    return {1, 0, 0, 1, rows, columns};
  }
  static constexpr affine_map mirroring() { return {1, 0, 0, -1}; }
};

/// What happens to one picture.
struct drawn_augmentation {
  affine_map map = {};
  double brightness = 1, contrast = 1;
  int cutout_row = 0, cutout_column = 0;  // the middle of the square
  std::uint32_t elastic_key = 0;          // of the noise
  double share = 1;                       // of the picture itself, at least a half, in a mixup
  std::uint32_t partner = 0;              // the sample that has the rest
};

namespace detail {

/// A draw from [low, high).
inline double between(counter_generator& random, double low, double high) {
  return low + (high - low) * uniform(random);
}

/// A draw from the standard normal distribution (Box, Muller 1958).
inline double normal(counter_generator& random) {
  const double radius = std::sqrt(-2 * std::log(1 - uniform(random)));
  return radius * std::cos(2 * std::numbers::pi * uniform(random));
}

/// A draw from Gamma(shape, 1), shape > 0 (Marsaglia, Tsang: A simple method for generating gamma
/// variables, TOMS 2000); shapes below 1 by their boost, U^(1/shape) Gamma(shape + 1).
inline double gamma(counter_generator& random, double shape) {
  const double boost = shape < 1 ? std::pow(1 - uniform(random), 1 / shape) : 1;
  const double d = (shape < 1 ? shape + 1 : shape) - 1.0 / 3, c = 1 / std::sqrt(9 * d);
  for (;;) {
    const double x = normal(random), root = 1 + c * x, v = root * root * root;
    if (root > 0 && std::log(1 - uniform(random)) < x * x / 2 + d - d * v + d * std::log(v))
      return boost * d * v;
  }
}

/// The larger part of a draw from Beta(shape, shape).
inline double mixup_share(counter_generator& random, double shape) {
  const double a = gamma(random, shape), b = gamma(random, shape);
  return a + b > 0 ? std::max(a, b) / (a + b) : 1;  // both may vanish where shape is tiny
}

}  // namespace detail

/// The draws of one sample in one epoch, for pictures of this size in a set of `samples`; a pure
/// function of its arguments.
inline drawn_augmentation draw_augmentation(const augment_plan& plan, std::uint64_t seed,
                                            std::uint64_t epoch, std::uint32_t sample, int height,
                                            int width, std::uint32_t samples) {
  const auto stream = static_cast<std::uint64_t>(random_stream::augmentation);
  counter_generator random{random_bits(seed, stream, epoch), sample};
  const auto around = [&](double most) { return detail::between(random, -most, most); };
  drawn_augmentation drawn;
  for (const auto& [kind, first, second] : plan) {
    switch (kind) {
      case transform_kind::rotate:
        drawn.map = drawn.map.then(affine_map::rotation(around(first)));
        break;
      case transform_kind::zoom: {
        const double rows = detail::between(random, first, second);
        drawn.map =
            drawn.map.then(affine_map::zooming(rows, detail::between(random, first, second)));
        break;
      }
      case transform_kind::shift: {
        const double rows = around(first) * height;
        drawn.map = drawn.map.then(affine_map::shifting(rows, around(second) * width));
        break;
      }
      case transform_kind::shear:
        drawn.map = drawn.map.then(affine_map::shearing(around(first)));
        break;
      case transform_kind::flip_horizontal:
        if (random() >> 63 != 0) drawn.map = drawn.map.then(affine_map::mirroring());
        break;
      case transform_kind::brightness:
        drawn.brightness = detail::between(random, first, second);
        break;
      case transform_kind::contrast:
        drawn.contrast = detail::between(random, first, second);
        break;
      case transform_kind::cutout:
        drawn.cutout_row = static_cast<int>(bounded(random, static_cast<std::uint32_t>(height)));
        drawn.cutout_column = static_cast<int>(bounded(random, static_cast<std::uint32_t>(width)));
        break;
      case transform_kind::elastic:
        drawn.elastic_key = static_cast<std::uint32_t>(random() >> 32);
        break;
      case transform_kind::mixup:
        drawn.share = detail::mixup_share(random, first);
        drawn.partner = bounded(random, samples);
        break;
      case transform_kind::fill:
        break;
    }
  }
  return drawn;
}

}  // namespace lamina
