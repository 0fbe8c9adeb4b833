// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>

#include <cairo.h>

namespace lamina::io {

struct colour {
  double red, green, blue, alpha = 1;
};

inline constexpr colour ink{0.13, 0.15, 0.18}, faint{0.45, 0.48, 0.52}, grid{0.90, 0.91, 0.93},
    paper{1, 1, 1}, blue{0.16, 0.40, 0.78}, orange{0.90, 0.45, 0.10}, green{0.13, 0.55, 0.35},
    red{0.78, 0.16, 0.20};

enum class align { left, middle, right };

/// A picture in memory, drawn on in pixels of a scale of 1.
class canvas {
 public:
  canvas(double width, double height);

  double width() const { return width_; }
  double height() const { return height_; }

  void set(colour ink) {
    cairo_set_source_rgba(context(), ink.red, ink.green, ink.blue, ink.alpha);
  }
  void rectangle(double x, double y, double wide, double high, colour fill);
  void line(double x0, double y0, double x1, double y1, colour ink, double wide = 1);
  void dot(double x, double y, double radius, colour fill);

  /// Text on the baseline y.
  void text(double x, double y, const std::string& words, double size, colour ink,
            align at = align::left, bool bold = false);
  double text_width(const std::string& words, double size, bool bold = false);
  /// Text broken into lines that are no wider; returns the baseline after the last one.
  double paragraph(double x, double y, double wide, const std::string& words, double size,
                   colour ink);

  /// Pixels from 0 to 255 of one or three channels, (y, x, channel), blown up to a square.
  void picture(const unsigned char* pixels, int wide, int high, int channels, double x, double y,
               double size);

  cairo_t* context() const { return context_.get(); }
  std::string png() const;

 private:
  template <auto Destroy>
  struct destroyed_by {
    void operator()(auto* thing) const { Destroy(thing); }
  };

  double width_, height_;
  std::unique_ptr<cairo_surface_t, destroyed_by<cairo_surface_destroy>> surface_;
  std::unique_ptr<cairo_t, destroyed_by<cairo_destroy>> context_;
};

}  // namespace lamina::io
