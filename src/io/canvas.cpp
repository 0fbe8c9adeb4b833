// SPDX-License-Identifier: BSL-1.0
#include "canvas.hpp"

#include <lamina/error.hpp>

#include <cmath>
#include <numbers>
#include <sstream>

namespace lamina::io {

namespace {

constexpr double scale = 1.5;  // pixels of the file for one of the canvas

void choose_font(cairo_t* context, double size, bool bold) {
  cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                         bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(context, size);
}

}  // namespace

canvas::canvas(double width, double height)
    : width_{width},
      height_{height},
      surface_{cairo_image_surface_create(CAIRO_FORMAT_RGB24,
                                          static_cast<int>(std::ceil(width * scale)),
                                          static_cast<int>(std::ceil(height * scale)))},
      context_{cairo_create(surface_.get())} {
  cairo_scale(context(), scale, scale);
  rectangle(0, 0, width + 1, height + 1, paper);
}

void canvas::rectangle(double x, double y, double wide, double high, colour fill) {
  set(fill);
  cairo_rectangle(context(), x, y, wide, high);
  cairo_fill(context());
}

void canvas::line(double x0, double y0, double x1, double y1, colour ink, double wide) {
  set(ink);
  cairo_set_line_width(context(), wide);
  cairo_move_to(context(), x0, y0);
  cairo_line_to(context(), x1, y1);
  cairo_stroke(context());
}

void canvas::dot(double x, double y, double radius, colour fill) {
  set(fill);
  cairo_arc(context(), x, y, radius, 0, 2 * std::numbers::pi);
  cairo_fill(context());
}

double canvas::text_width(const std::string& words, double size, bool bold) {
  choose_font(context(), size, bold);
  cairo_text_extents_t extents;
  cairo_text_extents(context(), words.c_str(), &extents);
  return extents.x_advance;
}

void canvas::text(double x, double y, const std::string& words, double size, colour ink, align at,
                  bool bold) {
  const double wide = text_width(words, size, bold);
  const double before = at == align::left ? 0 : at == align::middle ? wide / 2 : wide;
  set(ink);
  cairo_move_to(context(), x - before, y);
  cairo_show_text(context(), words.c_str());
}

double canvas::paragraph(double x, double y, double wide, const std::string& words, double size,
                         colour ink) {
  std::istringstream rest(words);
  std::string line;
  const auto write = [&] {
    text(x, y, line, size, ink);
    y += 1.4 * size;
  };
  for (std::string word; rest >> word;) {
    const std::string longer = line.empty() ? word : line + ' ' + word;
    if (!line.empty() && text_width(longer, size) > wide) {
      write();
      line = word;
    } else {
      line = longer;
    }
  }
  if (!line.empty()) write();
  return y;
}

void canvas::picture(const unsigned char* pixels, int wide, int high, int channels, double x,
                     double y, double size) {
  const int longer = wide > high ? wide : high;
  const double side = size / longer;
  x += side * (longer - wide) / 2;
  y += side * (longer - high) / 2;
  for (int row = 0; row < high; ++row)
    for (int column = 0; column < wide; ++column) {
      const unsigned char* pixel = pixels + (row * wide + column) * channels;
      const auto part = [&](int channel) { return pixel[channels == 3 ? channel : 0] / 255.0; };
      // a little larger than it is, so that no seam shows
      rectangle(x + side * column, y + side * row, side + (column + 1 < wide ? 0.5 : 0),
                side + (row + 1 < high ? 0.5 : 0), {part(0), part(1), part(2)});
    }
}

std::string canvas::png() const {
  std::string bytes;
  const auto append = [](void* to, const unsigned char* data, unsigned length) {
    static_cast<std::string*>(to)->append(reinterpret_cast<const char*>(data), length);
    return CAIRO_STATUS_SUCCESS;
  };
  const auto status = cairo_surface_write_to_png_stream(surface_.get(), append, &bytes);
  if (status != CAIRO_STATUS_SUCCESS)
    throw error(std::string("plot: expected to draw a picture, found: ") +
                cairo_status_to_string(status));
  return bytes;
}

}  // namespace lamina::io
