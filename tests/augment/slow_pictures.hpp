// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/augment/draw.hpp>
#include <lamina/augment/plan.hpp>

#include <cmath>
#include <vector>

/// Augmentation of one picture (channel, y, x) at a time, in double and without haste.
namespace slow {

struct picture {
  int height = 0, width = 0, channels = 1;
  std::vector<double> values = {};

  double at(int c, int y, int x) const {
    return values[static_cast<std::size_t>((c * height + y) * width + x)];
  }
};

struct fill {
  lamina::fill_mode mode = lamina::fill_mode::nearest;
  double value = 0;
};

/// The number of the pixel that stands in for one beyond the edges, step by step.
inline int inside(int i, int extent, lamina::fill_mode mode) {
  while (i < 0 || i >= extent) {
    if (mode == lamina::fill_mode::wrap)
      i += i < 0 ? extent : -extent;
    else if (mode == lamina::fill_mode::reflect)
      i = i < 0 ? -1 - i : 2 * extent - 1 - i;
    else
      i = i < 0 ? 0 : extent - 1;
  }
  return i;
}

inline double sample(const picture& from, int c, double row, double column, const fill& how) {
  const bool outside = row < 0 || row > from.height - 1 || column < 0 || column > from.width - 1;
  if (how.mode == lamina::fill_mode::constant && outside) return how.value;
  const int y = static_cast<int>(std::floor(row)), x = static_cast<int>(std::floor(column));
  double sum = 0;
  for (int dy = 0; dy < 2; ++dy)
    for (int dx = 0; dx < 2; ++dx) {
      const double weight =
          (dy == 0 ? 1 - (row - y) : row - y) * (dx == 0 ? 1 - (column - x) : column - x);
      sum += weight * from.at(c, inside(y + dy, from.height, how.mode),
                              inside(x + dx, from.width, how.mode));
    }
  return sum;
}

/// The picture whose pixel q shows what `from` shows at the map of q, about the centre.
inline picture resample(const picture& from, const lamina::affine_map& map, const fill& how) {
  picture to = from;
  const double row = (from.height - 1) / 2.0, column = (from.width - 1) / 2.0;
  std::size_t at = 0;
  for (int c = 0; c < from.channels; ++c)
    for (int y = 0; y < from.height; ++y)
      for (int x = 0; x < from.width; ++x) {
        const double v = y - row, u = x - column;
        to.values[at++] =
            sample(from, c, row + map.row_row * v + map.row_column * u + map.row_offset,
                   column + map.column_row * v + map.column_column * u + map.column_offset, how);
      }
  return to;
}

}  // namespace slow
