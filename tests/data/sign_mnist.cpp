// SPDX-License-Identifier: BSL-1.0
#include <lamina/data/sign_mnist.hpp>

#include <doctest/doctest.h>

#include <string>
#include <string_view>

using namespace lamina;

namespace {

std::string header() {
  std::string text = "label";
  for (int i = 1; i <= 784; ++i) text += ",pixel" + std::to_string(i);
  return text;
}

/// A row whose pixel i is (first + i) % 256.
std::string row(std::string_view label, int first = 0) {
  std::string text(label);
  for (int i = 0; i < 784; ++i) text += "," + std::to_string((first + i) % 256);
  return text;
}

/// A row with this text in place of pixel `index`, counted from 1.
std::string row_with(int index, std::string_view field) {
  std::string text = "3";
  for (int i = 1; i <= 784; ++i) text += "," + (i == index ? std::string(field) : "17");
  return text;
}

std::string message(const std::string& text) {
  try {
    sign_mnist::parse(text, "signs.csv");
  } catch (const error& e) {
    return e.what();
  }
  return "accepted";
}

std::string message_of_row(const std::string& row) {
  return message(header() + "\n" + ::row("1") + "\n" + row + "\n");
}

}  // namespace

TEST_CASE("the letters of the classes") {
  const auto letters = sign_mnist::labels();
  CHECK(letters.size() == 24);
  CHECK(letters[8] == "i");
  CHECK(letters[9] == "k");
  CHECK(letters[23] == "y");
}

TEST_CASE("rows become images, labels classes") {
  const auto data = sign_mnist::parse(
      header() + "\n" + row("8") + "\n" + row("10", 250) + "\n" + row("24") + "\n", "signs.csv");
  REQUIRE(data.size() == 3);
  CHECK(data.label(0) == 8);
  CHECK(data.label(1) == 9);
  CHECK(data.label(2) == 23);
  CHECK(data.classes == 24);
  CHECK(data.height == 28);
  CHECK(data.width == 28);
  bool same = true;
  for (int i = 0; i < 784; ++i) {
    same &= data.image(0).pixels[static_cast<std::size_t>(i)] == i % 256;
    same &= data.image(1).pixels[static_cast<std::size_t>(i)] == (i + 250) % 256;
  }
  CHECK(same);
}

TEST_CASE("line ends: CR LF, and none behind the last row") {
  CHECK(sign_mnist::parse(header() + "\r\n" + row("1") + "\r\n" + row("2") + "\r\n", "f").size() ==
        2);
  CHECK(sign_mnist::parse(header() + "\n" + row("1") + "\n" + row("2"), "f").size() == 2);
  CHECK(sign_mnist::parse(header() + "\r\n" + row("1"), "f").size() == 1);
}

TEST_CASE("fields in quotes, all of them or some") {
  std::string quoted;
  for (const char c : header() + "\n" + row("8") + "\r\n" + row("24", 9))
    quoted += c == ',' ? "\",\"" : c == '\n' ? "\"\n\"" : std::string(c == '\r' ? 0 : 1, c);
  const auto data = sign_mnist::parse("\"" + quoted + "\"\n", "signs.csv");
  REQUIRE(data.size() == 2);
  CHECK(data.label(1) == 23);
  CHECK(data.image(0).pixels[783] == 783 % 256);
  CHECK(sign_mnist::parse(header() + "\n" + row_with(7, "\"200\""), "f").image(0).pixels[6] == 200);
  CHECK(message_of_row(row_with(7, "\"256\"")).ends_with("for pixel7, found \"256\""));
  CHECK(message_of_row(row_with(7, "\"1,2\"")).ends_with("for pixel7, found \"\"1\""));
  CHECK(message_of_row(row_with(7, "\"")).ends_with("for pixel7, found \"\"\""));
}

TEST_CASE("NUL bytes are no numbers") {
  CHECK(message_of_row(row_with(5, std::string(1, '\0'))).ends_with("for pixel5, found \"?\""));
  CHECK(message(std::string(4000, '\0')).ends_with("in place of label"));
}

TEST_CASE("the shortest numbers up to the end of the text") {
  std::string zeros = "0";
  for (int i = 0; i < 784; ++i) zeros += ",0";
  const auto data = sign_mnist::parse(header() + "\n" + zeros, "f");
  CHECK(data.size() == 1);
  CHECK(data.image(0).pixels[783] == 0);
}

TEST_CASE("no header, another header, nothing") {
  CHECK(message("") ==
        "signs.csv: line 1: expected the header label,pixel1,…,pixel784, found an "
        "empty file");
  CHECK(message(row("1") + "\n") ==
        "signs.csv: line 1: expected the header "
        "label,pixel1,…,pixel784, found \"1\" in place of label");
  CHECK(message("label,pixel1\n") ==
        "signs.csv: line 1: expected the header label,pixel1,…,pixel784, found 2 columns");
  CHECK(message(header() + ",pixel785\n").ends_with("found 786 columns"));
  CHECK(message(header()) == "signs.csv: line 2: expected an image, found the end of the file");
  CHECK(message(header() + "\n") ==
        "signs.csv: line 2: expected an image, found the end of the file");
}

TEST_CASE("labels outside the classes") {
  const std::string expected = "signs.csv: line 3: expected a label from 0 to 24 without 9, found ";
  for (const std::string label : {"9", "25", "-1", "255", "a", "", "1.0", " 1"})
    CHECK(message_of_row(row(label)) == expected + "\"" + label + "\"");
}

TEST_CASE("pixels that are none") {
  for (const int index : {1, 2, 400, 782, 783, 784})
    for (const std::string field :
         {"256", "-1", "abc", "", "1000", "12 ", "+7", "1e2", "999", "x"}) {
      // At the end of a row the last pixel alone may be half a number: what is missing is said.
      CHECK(message_of_row(row_with(index, field)) ==
            "signs.csv: line 3: expected a value from 0 to 255 for pixel" + std::to_string(index) +
                ", found \"" + field + "\"");
    }
}

TEST_CASE("a field that spoils a line or a terminal") {
  CHECK(message_of_row(row_with(5, "\x1b[31m")).ends_with("found \"?[31m\""));
  CHECK(message_of_row(row_with(5, std::string(1000, '7')))
            .ends_with("found \"777777777777777777777777…\""));
}

TEST_CASE("ragged rows") {
  const std::string expected =
      "signs.csv: line 3: expected 785 values, a label and 784 pixels, found ";
  auto shorter = row("3");
  shorter.resize(shorter.rfind(','));
  CHECK(message_of_row(shorter) == expected + "784");
  CHECK(message_of_row(row("3") + ",1") == expected + "786");
  CHECK(message_of_row(row("3") + ",") == expected + "786");
  CHECK(message_of_row("3") == expected + "1");
  CHECK(message_of_row("").ends_with("found \"\""));
  // One pixel too many in one row, one too few in the next.
  CHECK(message(header() + "\n" + row("1") + ",1\n" + shorter + "\n").ends_with("found 786"));
}

TEST_CASE("a file that ends within a row") {
  const auto whole = header() + "\n" + row("3", 100) + "\n";
  const auto all = whole + row("4", 100) + "\n";
  for (std::size_t n = whole.size() + 1; n + 3 < all.size(); n += 1) {
    const auto text = all.substr(0, n);
    if (message(text) == "accepted") FAIL("accepted " << n << " of " << all.size());
  }
}
