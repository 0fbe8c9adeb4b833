// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/preprocess.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>

namespace lamina::io {

namespace {

/// Larger pictures are made smaller first: what a stroke of ink is does not need more.
constexpr int most_side = 1024;

/// A picture as numbers.
struct plane {
  int width = 0, height = 0;
  std::vector<float> values = {};

  float& at(int x, int y) { return values[index(x, y)]; }
  float at(int x, int y) const { return values[index(x, y)]; }
  std::size_t index(int x, int y) const {
    return static_cast<std::size_t>(y) * static_cast<std::size_t>(width) +
           static_cast<std::size_t>(x);
  }
};

/// value = level + slope x + tilt y, about the middle.
struct paper {
  double level = 0, slope = 0, tilt = 0;
};

/// A median of numbers, none of which is changed; 0 of none.
double median(std::vector<double> values) {
  if (values.empty()) return 0;
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::ranges::nth_element(values, middle);
  return *middle;
}

/// Least squares over the pixels that `counts`; the normal equations of three unknowns.
template <class Counts>
std::optional<paper> fit(const plane& source, Counts counts) {
  std::array<std::array<double, 4>, 3> m{};
  for (int y = 0; y < source.height; ++y)
    for (int x = 0; x < source.width; ++x) {
      if (!counts(x, y)) continue;
      const std::array<double, 4> row{1, x - source.width / 2.0, y - source.height / 2.0,
                                      static_cast<double>(source.at(x, y))};
      for (std::size_t i = 0; i < 3; ++i)
        for (std::size_t k = 0; k < 4; ++k) m[i][k] += row[i] * row[k];
    }
  for (std::size_t i = 0; i < 3; ++i) {
    if (!(m[i][i] > 1e-9)) return std::nullopt;
    for (std::size_t j = 0; j < 3; ++j) {
      const double times = j == i ? 0 : m[j][i] / m[i][i];
      for (std::size_t k = 0; k < 4; ++k) m[j][k] -= times * m[i][k];
    }
  }
  return paper{m[0][3] / m[0][0], m[1][3] / m[1][1], m[2][3] / m[2][2]};
}

void subtract(plane& from, const paper& what) {
  for (int y = 0; y < from.height; ++y)
    for (int x = 0; x < from.width; ++x)
      from.at(x, y) -= static_cast<float>(what.level + what.slope * (x - from.width / 2.0) +
                                          what.tilt * (y - from.height / 2.0));
}

/// The median distance from zero of a sample of the values, as a standard deviation.
double spread(const plane& of) {
  std::vector<double> sizes;
  const std::size_t step = of.values.size() / 50'000 + 1;
  for (std::size_t i = 0; i < of.values.size(); i += step)
    sizes.push_back(std::abs(static_cast<double>(of.values[i])));
  return 1.4826 * median(sizes);
}

/// The picture without its paper: first the border says what that is, then all that is near.
plane without_paper(const picture& source) {
  plane rest{source.width, source.height, {source.pixels.begin(), source.pixels.end()}};
  std::vector<double> border;
  const auto on_border = [&](int x, int y) {
    return x == 0 || y == 0 || x + 1 == rest.width || y + 1 == rest.height;
  };
  for (int y = 0; y < rest.height; ++y)
    for (int x = 0; x < rest.width; ++x)
      if (on_border(x, y)) border.push_back(static_cast<double>(rest.at(x, y)));
  subtract(rest, {.level = median(border)});
  for (int round = 0; round < 3; ++round) {
    const double near = std::max(3 * spread(rest), 2.0);
    const auto found = fit(
        rest, [&](int x, int y) { return std::abs(static_cast<double>(rest.at(x, y))) <= near; });
    if (found) subtract(rest, *found);
  }
  return rest;
}

/// Ink is what leaves the paper furthest, to the dark or to the light side; it becomes positive.
void make_ink_positive(plane& rest) {
  const auto [darkest, lightest] = std::ranges::minmax(rest.values);
  const float sign = -darkest > lightest ? -1.0f : 1.0f;
  for (float& value : rest.values) value = std::max(sign * value, 0.0f);
}

/// The connected parts of what is above a threshold, by 8 neighbours.
struct parts {
  std::vector<int> part_of;        // 0 where there is none
  std::vector<std::size_t> sizes;  // of part i + 1

  parts(const plane& ink, float threshold) : part_of(ink.values.size()) {
    std::vector<std::pair<int, int>> open;
    for (int y = 0; y < ink.height; ++y)
      for (int x = 0; x < ink.width; ++x) {
        if (!is_new(ink, x, y, threshold)) continue;
        sizes.push_back(0);
        mark(ink, x, y, open);
        while (!open.empty()) {
          const auto [cx, cy] = open.back();
          open.pop_back();
          for (int ny = std::max(cy - 1, 0); ny <= std::min(cy + 1, ink.height - 1); ++ny)
            for (int nx = std::max(cx - 1, 0); nx <= std::min(cx + 1, ink.width - 1); ++nx)
              if (is_new(ink, nx, ny, threshold)) mark(ink, nx, ny, open);
        }
      }
  }

  bool is_large(std::size_t index) const {
    const int part = part_of[index];
    return part != 0 &&
           50 * sizes[static_cast<std::size_t>(part - 1)] >= *std::ranges::max_element(sizes);
  }

 private:
  bool is_new(const plane& ink, int x, int y, float threshold) const {
    return ink.at(x, y) > threshold && part_of[ink.index(x, y)] == 0;
  }
  void mark(const plane& ink, int x, int y, std::vector<std::pair<int, int>>& open) {
    part_of[ink.index(x, y)] = static_cast<int>(sizes.size());
    ++sizes.back();
    open.emplace_back(x, y);
  }
};

/// What is drawn, cut out and stretched to 255; nothing where there is no ink.
std::optional<picture> cut_out(const plane& ink) {
  const float most = *std::ranges::max_element(ink.values);
  constexpr float least_ink = 12;  // grey levels: less is the texture of paper
  if (most < least_ink) return std::nullopt;
  const float threshold =
      std::clamp(6 * static_cast<float>(spread(ink)), 0.02f * most, 0.4f * most);
  const parts found(ink, threshold);
  if (found.sizes.empty()) return std::nullopt;
  int left = ink.width, right = -1, top = ink.height, bottom = -1;
  std::vector<double> strong;
  for (int y = 0; y < ink.height; ++y)
    for (int x = 0; x < ink.width; ++x) {
      if (!found.is_large(ink.index(x, y))) continue;
      left = std::min(left, x), right = std::max(right, x);
      top = std::min(top, y), bottom = std::max(bottom, y);
      if (ink.at(x, y) > most / 2) strong.push_back(static_cast<double>(ink.at(x, y)));
    }
  const double white = median(strong);
  picture result{right - left + 1, bottom - top + 1, {}};
  for (int y = top; y <= bottom; ++y)
    for (int x = left; x <= right; ++x) {
      const bool kept = found.is_large(ink.index(x, y));
      const double value = kept ? 255 * static_cast<double>(ink.at(x, y)) / white : 0;
      result.pixels.push_back(static_cast<std::uint8_t>(std::min(value + 0.5, 255.0)));
    }
  return result;
}

picture shrink_to(const picture& source, int most) {
  const double scale = static_cast<double>(most) / std::max(source.width, source.height);
  const auto length = [&](int side) {
    return std::max(1, static_cast<int>(std::lround(side * scale)));
  };
  return resize(source, length(source.width), length(source.height));
}

/// Thin strokes that the resizing made faint become as light as others.
void stretch(picture& source) {
  const int most = *std::ranges::max_element(source.pixels);
  if (most == 0) return;
  for (std::uint8_t& pixel : source.pixels)
    pixel = static_cast<std::uint8_t>((255 * pixel + most / 2) / most);
}

picture place_by_mass(const picture& source, int side) {
  double sum = 0, rows = 0, columns = 0;
  for (int y = 0; y < source.height; ++y)
    for (int x = 0; x < source.width; ++x) {
      const double value = source.pixels[static_cast<std::size_t>(y * source.width + x)];
      sum += value, rows += value * y, columns += value * x;
    }
  const int down = static_cast<int>(std::floor(side / 2 - rows / sum + 0.5));
  const int across = static_cast<int>(std::floor(side / 2 - columns / sum + 0.5));
  picture result{side, side, std::vector<std::uint8_t>(static_cast<std::size_t>(side * side))};
  for (int y = std::max(0, -down); y < std::min(source.height, side - down); ++y)
    for (int x = std::max(0, -across); x < std::min(source.width, side - across); ++x)
      result.pixels[static_cast<std::size_t>((y + down) * side + x + across)] =
          source.pixels[static_cast<std::size_t>(y * source.width + x)];
  return result;
}

}  // namespace

picture ink_in_the_middle(const picture& source, int box, int side) {
  const bool large = std::max(source.width, source.height) > most_side;
  plane ink = without_paper(large ? shrink_to(source, most_side) : source);
  make_ink_positive(ink);
  const auto drawn = cut_out(ink);
  if (!drawn) return {side, side, std::vector<std::uint8_t>(static_cast<std::size_t>(side * side))};
  picture boxed = shrink_to(*drawn, box);
  stretch(boxed);
  return place_by_mass(boxed, side);
}

}  // namespace lamina::io
