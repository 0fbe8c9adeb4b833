// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/plots.hpp>

#include "canvas.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lamina::io {

namespace {

constexpr double margin = 40;

/// White for nothing, then from a pale blue on: also a single mistake is to be seen.
colour shade(double part, bool right) {
  const colour full = right ? blue : red;
  const double strength = part <= 0 ? 0 : 0.12 + 0.88 * std::sqrt(part);
  const auto mixed = [&](double channel) { return 1 + strength * (channel - 1); };
  return {mixed(full.red), mixed(full.green), mixed(full.blue)};
}

std::size_t sum(const std::vector<std::size_t>& row) {
  std::size_t all = 0;
  for (const std::size_t count : row) all += count;
  return all;
}

}  // namespace

std::string plot_confusion(std::span<const std::vector<std::size_t>> counts,
                           std::span<const std::string> labels, const std::string& title) {
  const std::size_t classes = counts.size();
  const double cell = std::clamp(640.0 / static_cast<double>(classes), 12.0, 48.0);
  const double side = cell * static_cast<double>(classes), left = margin + 60, top = 120;
  canvas on(std::max(left + side + margin, 620.0), top + side + 50);
  on.text(margin, 42, title, 18, ink, align::left, true);
  on.text(margin, 64,
          "A row for each class, a column for each answer; blue is right, red is wrong,", 11.5,
          faint);
  on.text(margin, 80, "the stronger the larger the part of the row.", 11.5, faint);
  const double size = std::min(11.0, cell * 0.42);
  for (std::size_t row = 0; row < classes; ++row) {
    const double y = top + cell * static_cast<double>(row), middle = y + cell / 2 + size * 0.36;
    const double images = static_cast<double>(std::max<std::size_t>(1, sum(counts[row])));
    on.text(left - 10, middle, labels[row], std::min(12.0, cell * 0.6), ink, align::right, true);
    for (std::size_t column = 0; column < classes; ++column) {
      const std::size_t count = counts[row][column];
      const double x = left + cell * static_cast<double>(column);
      const double part = static_cast<double>(count) / images;
      on.rectangle(x, y, cell, cell, shade(part, row == column));
      if (count > 0 && size > 6.5)
        on.text(x + cell / 2, middle, std::to_string(count), size, part > 0.3 ? paper : ink,
                align::middle);
    }
  }
  for (std::size_t i = 0; i <= classes; ++i) {
    const double at = cell * static_cast<double>(i);
    on.line(left, top + at, left + side, top + at, grid, 0.7);
    on.line(left + at, top, left + at, top + side, grid, 0.7);
    if (i < classes)
      on.text(left + at + cell / 2, top - 8, labels[i], std::min(12.0, cell * 0.6), ink,
              align::middle, true);
  }
  on.text(left + side / 2, top + side + 24, "answer", 11.5, faint, align::middle);
  on.text(margin - 14, top + side / 2, "class", 11.5, faint);
  return on.png();
}

std::string plot_mistakes(std::span<const mistake> mistakes, const dataset& images,
                          const std::string& title) {
  constexpr double side = 112, wide = 136, high = 172;
  constexpr std::size_t columns = 8;
  const std::size_t rows = std::max<std::size_t>(1, (mistakes.size() + columns - 1) / columns);
  canvas on(2 * margin + columns * wide - (wide - side), 110 + static_cast<double>(rows) * high);
  on.text(margin, 42, title, 18, ink, align::left, true);
  on.text(margin, 64,
          mistakes.empty() ? "Every answer is right."
                           : "Wrong answers, the surest first: the answer and its probability, "
                             "then what it is.",
          11.5, faint);
  for (std::size_t i = 0; i < mistakes.size(); ++i) {
    const mistake& each = mistakes[i];
    const double x = margin + wide * static_cast<double>(i % columns),
                 y = 90 + high * static_cast<double>(i / columns);
    const std::size_t size = images.image_size();
    on.picture(images.pixels.data() + each.image * size, images.width, images.height,
               images.channels, x, y, side);
    char confidence[32];
    std::snprintf(confidence, sizeof confidence, "  %.1f %%", 100 * each.confidence);
    on.text(x, y + side + 17, each.answer, 13, red, align::left, true);
    on.text(x + on.text_width(each.answer, 13, true), y + side + 17, confidence, 11, red);
    on.text(x, y + side + 33, "is " + each.truth, 11, ink);
    on.text(x + side, y + side + 33, "#" + std::to_string(each.image), 9.5, faint, align::right);
  }
  return on.png();
}

}  // namespace lamina::io
