// SPDX-License-Identifier: BSL-1.0
#include "drawing.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>

namespace lamina::cli {

namespace {

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

/// The first of these that is set decides on the character set, as POSIX has it.
bool speaks_utf8() {
  for (const char* const name : {"LC_ALL", "LC_CTYPE", "LANG"})
    if (const auto value = variable(name); !value.empty())
      return value.find("UTF-8") != value.npos || value.find("utf8") != value.npos;
  return false;
}

std::string colour(int grey, drawing_style style, bool background) {
  const std::string escape = background ? "\x1b[48;" : "\x1b[38;";
  const auto text = std::to_string(grey);
  if (style == drawing_style::true_colour)
    return escape + "2;" + text + ";" + text + ";" + text + "m";
  // Of the 256 colours 232 to 255 are greys from 8 to 238.
  return escape + "5;" + std::to_string(232 + std::clamp((grey - 3) / 10, 0, 23)) + "m";
}

std::string draw_ascii(const io::picture& picture) {
  constexpr std::string_view ramp = " .:-=+*#%@";
  std::string text;
  for (std::size_t i = 0; i < picture.pixels.size(); ++i) {
    text.append(2, ramp[picture.pixels[i] * ramp.size() / 256]);
    if ((i + 1) % static_cast<std::size_t>(picture.width) == 0) text += '\n';
  }
  return text;
}

}  // namespace

drawing_style style_of(std::FILE* stream) {
  const auto terminal = variable("TERM");
  if (::isatty(::fileno(stream)) != 1 || terminal.empty() || terminal == "dumb" ||
      !variable("NO_COLOR").empty() || !speaks_utf8())
    return drawing_style::ascii;
  const auto colours = variable("COLORTERM");
  return colours == "truecolor" || colours == "24bit" ? drawing_style::true_colour
                                                      : drawing_style::grey_ramp;
}

std::string draw(const io::picture& picture, drawing_style style) {
  if (style == drawing_style::ascii) return draw_ascii(picture);
  const auto grey = [&](int x, int y) {
    const auto at = static_cast<std::size_t>(y) * static_cast<std::size_t>(picture.width) +
                    static_cast<std::size_t>(x);
    return y < picture.height ? int{picture.pixels[at]} : 0;
  };
  std::string text;
  for (int y = 0; y < picture.height; y += 2) {
    for (int x = 0; x < picture.width; ++x)
      text += colour(grey(x, y), style, false) + colour(grey(x, y + 1), style, true) + "▀";
    text += "\x1b[0m\n";
  }
  return text;
}

}  // namespace lamina::cli
