// SPDX-License-Identifier: BSL-1.0
#include "../../src/program/drawing.hpp"

#include <doctest/doctest.h>

using namespace lamina;
using cli::drawing_style;

TEST_CASE("a picture in characters") {
  CHECK(cli::draw({3, 2, {0, 128, 255, 255, 0, 26}}, drawing_style::ascii) == "  ++@@\n@@  ..\n");
}

TEST_CASE("a picture in half blocks, two rows a line") {
  CHECK(cli::draw({1, 2, {7, 200}}, drawing_style::true_colour) ==
        "\x1b[38;2;7;7;7m\x1b[48;2;200;200;200m▀\x1b[0m\n");
  CHECK(cli::draw({1, 3, {0, 255, 128}}, drawing_style::grey_ramp) ==
        "\x1b[38;5;232m\x1b[48;5;255m▀\x1b[0m\n\x1b[38;5;244m\x1b[48;5;232m▀\x1b[0m\n");
}

TEST_CASE("a stream that is no terminal gets characters") {
  std::FILE* const file = std::tmpfile();
  CHECK(cli::style_of(file) == drawing_style::ascii);
  std::fclose(file);
}
