// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/plots.hpp>
#include <lamina/train/diagnosis.hpp>

#include "canvas.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace lamina::io {

namespace {

constexpr double wide = 1000, high = 470, margin = 40;

/// One line of a panel.
struct series {
  std::string name;
  double epoch_record::*column;
  colour ink;
};

std::string text(const char* format, double value) {
  char digits[48];
  std::snprintf(digits, sizeof digits, format, value);
  return digits;
}

/// Values to heights, and where the grid lies.
struct axis {
  double low = 0, high = 1, step = 1;
  bool logarithmic = false;

  double part(double value) const {
    if (logarithmic) return std::log(value / low) / std::log(high / low);
    return (value - low) / (high - low);
  }
};

/// A step of 1, 2 or 5 times a power of ten that cuts a range into about `pieces`.
double round_step(double range, int pieces) {
  const double raw = range / pieces, power = std::pow(10, std::floor(std::log10(raw)));
  for (const double factor : {1.0, 2.0, 5.0})
    if (factor * power >= raw * 0.999) return factor * power;
  return 10 * power;
}

axis loss_axis(double least, double most) {
  if (least > 0 && most > 30 * least)
    return {std::pow(10, std::floor(std::log10(least))), std::pow(10, std::ceil(std::log10(most))),
            10, true};
  const double step = round_step(std::max(most, 1e-9), 5);
  return {0, step * std::ceil(most / step), step};
}

axis accuracy_axis(double least, double) {
  const double step = round_step(std::max(1 - least, 0.005), 5);
  return {std::max(0.0, 1 - step * std::ceil((1 - least) / step)), 1, step};
}

class panel {
 public:
  panel(canvas& on, const history& run, const std::vector<series>& lines, double x, double y,
        double width, double height)
      : on_{on}, run_{run}, lines_{lines}, x_{x}, y_{y}, width_{width}, height_{height} {}

  void draw(const std::string& title, axis (*choose)(double, double), bool percent, int marked) {
    percent_ = percent;
    find_range(choose);
    on_.text(x_, y_ - 12, title + (axis_.logarithmic ? " (logarithmic)" : ""), 13, ink, align::left,
             true);
    draw_grid();
    draw_epochs();
    if (marked > 0) mark(marked);
    for (const series& each : lines_) draw_line(each);
    draw_names();
  }

 private:
  static bool drawn(double value) { return std::isfinite(value); }

  void find_range(axis (*choose)(double, double)) {
    double least = INFINITY, most = -INFINITY;
    for (const series& each : lines_)
      for (const epoch_record& epoch : run_.epochs)
        if (drawn(epoch.*each.column)) {
          least = std::min(least, epoch.*each.column);
          most = std::max(most, epoch.*each.column);
        }
    if (least <= most) axis_ = choose(least, most);
  }

  double at_epoch(double epoch) const {
    const double count = static_cast<double>(run_.epochs.size());
    return count < 2 ? x_ + width_ / 2 : x_ + width_ * (epoch - 1) / (count - 1);
  }
  double at_value(double value) const {
    return y_ + height_ * (1 - std::clamp(axis_.part(value), 0.0, 1.0));
  }

  void draw_tick(double value) {
    const double y = at_value(value);
    on_.line(x_, y, x_ + width_, y, grid);
    on_.text(x_ - 8, y + 4, percent_ ? text("%.3g %%", 100 * value) : text("%.4g", value), 10.5,
             faint, align::right);
  }

  void draw_grid() {
    if (axis_.logarithmic) {
      for (double value = axis_.low; value < axis_.high * 1.001; value *= 10) draw_tick(value);
    } else {
      for (int i = 0; axis_.low + i * axis_.step < axis_.high + axis_.step / 2; ++i)
        draw_tick(axis_.low + i * axis_.step);
    }
  }

  void draw_epochs() {
    const int count = static_cast<int>(run_.epochs.size());
    const int step = count < 12 ? 1 : static_cast<int>(std::max(1.0, round_step(count, 8)));
    for (int epoch = 1; epoch <= count; ++epoch)
      if (step == 1 || epoch == 1 || epoch % step == 0)
        on_.text(at_epoch(epoch), y_ + height_ + 18, std::to_string(epoch), 10.5, faint,
                 align::middle);
    on_.text(x_ + width_ / 2, y_ + height_ + 36, "epoch", 10.5, faint, align::middle);
  }

  /// Where overfitting begins.
  void mark(int epoch) {
    const double x = at_epoch(epoch);
    const double dashes[] = {4, 4};
    cairo_set_dash(on_.context(), dashes, 2, 0);
    on_.line(x, y_, x, y_ + height_, red);
    cairo_set_dash(on_.context(), nullptr, 0, 0);
    on_.text(x + 5, y_ + 11, "epoch " + std::to_string(epoch), 9.5, red);
  }

  void draw_line(const series& each) {
    bool pen_down = false;
    on_.set(each.ink);
    cairo_set_line_width(on_.context(), 2);
    cairo_set_line_join(on_.context(), CAIRO_LINE_JOIN_ROUND);
    for (const epoch_record& epoch : run_.epochs) {
      const double value = epoch.*each.column, x = at_epoch(epoch.epoch);
      if (!drawn(value)) {
        pen_down = false;
      } else if (pen_down) {
        cairo_line_to(on_.context(), x, at_value(value));
      } else {
        cairo_move_to(on_.context(), x, at_value(value));
        pen_down = true;
      }
    }
    cairo_stroke(on_.context());
    for (const epoch_record& epoch : run_.epochs)
      if (drawn(epoch.*each.column) && run_.epochs.size() <= 40)
        on_.dot(at_epoch(epoch.epoch), at_value(epoch.*each.column), 2.6, each.ink);
  }

  /// The name and the last value of each line at its end, moved apart where they would overlap.
  void draw_names() {
    std::vector<std::pair<double, const series*>> names;
    for (const series& each : lines_)
      if (drawn(run_.epochs.back().*each.column))
        names.emplace_back(at_value(run_.epochs.back().*each.column), &each);
    std::sort(names.begin(), names.end(), [](auto& a, auto& b) { return a.first < b.first; });
    constexpr double apart = 27;
    for (std::size_t i = 1; i < names.size(); ++i)
      names[i].first = std::max(names[i].first, names[i - 1].first + apart);
    double lowest = y_ + height_;
    for (std::size_t i = names.size(); i-- > 0; lowest -= apart)
      names[i].first = std::min(names[i].first, lowest);
    const double x = at_epoch(static_cast<double>(run_.epochs.size())) + 9;
    for (const auto& [y, each] : names) {
      const double value = run_.epochs.back().*each->column;
      on_.text(x, y, percent_ ? text("%.2f %%", 100 * value) : text("%.4g", value), 11.5, each->ink,
               align::left, true);
      on_.text(x, y + 12, each->name, 10.5, each->ink);
    }
  }

  canvas& on_;
  const history& run_;
  const std::vector<series>& lines_;
  double x_, y_, width_, height_;
  bool percent_ = false;
  axis axis_;
};

}  // namespace

std::string plot_curves(const history& run, const std::string& title) {
  if (run.epochs.empty()) return canvas(wide, high).png();
  const diagnosis meaning = diagnose(run);
  canvas on(wide, high);
  on.text(margin, 42, title, 18, ink, align::left, true);
  on.paragraph(margin, 66, wide - 2 * margin, meaning.sentence, 12, faint);
  const double top = 140, height = high - top - 60, width = (wide - 2 * margin - 220) / 2;
  const std::vector<series> losses{{"training", &epoch_record::loss, blue},
                                   {"validation", &epoch_record::validation_loss, orange},
                                   {"test", &epoch_record::test_loss, green}};
  const std::vector<series> accuracies{{"training", &epoch_record::accuracy, blue},
                                       {"validation", &epoch_record::validation_accuracy, orange},
                                       {"test", &epoch_record::test_accuracy, green}};
  const int marked = meaning.shape == curve_shape::overfits ? meaning.epoch : 0;
  panel(on, run, losses, margin + 40, top, width, height).draw("Loss", loss_axis, false, marked);
  panel(on, run, accuracies, margin + width + 170, top, width, height)
      .draw("Accuracy", accuracy_axis, true, marked);
  return on.png();
}

}  // namespace lamina::io
