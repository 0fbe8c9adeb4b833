// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/data/examples.hpp>
#include <lamina/error.hpp>
#include <lamina/text.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// Sign Language MNIST: comma separated values, a header row `label,pixel1,…,pixel784`, then one
/// row for each image of 28 x 28 pixels from 0 to 255. A label is the place of the letter in the
/// alphabet, 0 to 24 without 9: j (and z) are signs of a movement.
namespace lamina::sign_mnist {

inline constexpr int side = 28;
inline constexpr int pixels = side * side;
inline constexpr int classes = 24;

/// The letters of the classes, a to y without j.
inline std::vector<std::string> labels() {
  std::vector<std::string> letters;
  for (char letter = 'a'; letter <= 'y'; ++letter)
    if (letter != 'j') letters.emplace_back(1, letter);
  return letters;
}

namespace detail {

inline constexpr int skipped_label = 9;
inline constexpr int last_label = 24;

constexpr bool is_label(int value) { return value <= last_label && value != skipped_label; }

/// The bytes of a field as they can stand in one line of a message.
inline std::string quoted(std::string_view field) {
  std::string text = "\"";
  for (const char c : field.substr(0, 24)) text += c >= ' ' && c <= '~' ? c : '?';
  return text + (field.size() > 24 ? "…\"" : "\"");
}

/// An integer from 0 to 999 of one to three digits, or -1; moves `at` behind it.
inline int small_number(const char*& at, const char* last) {
  int value = -1;
  for (int digits = 0; digits < 3 && at != last; ++digits, ++at) {
    const unsigned digit = static_cast<unsigned char>(*at) - unsigned{'0'};
    if (digit > 9) break;
    value = (value < 0 ? 0 : value * 10) + static_cast<int>(digit);
  }
  return value;
}

/// Reads one pixel from 0 to 255 and the comma behind it; there are at least four characters.
inline bool pixel_and_comma(const char*& at, std::uint8_t& pixel) {
  const auto digit = [&](int i) {
    return static_cast<unsigned>(static_cast<unsigned char>(at[i])) - unsigned{'0'};
  };
  const unsigned a = digit(0), b = digit(1), c = digit(2);
  if (b > 9) {
    pixel = static_cast<std::uint8_t>(a);
    at += 2;
    return a <= 9 && at[-1] == ',';
  }
  if (c > 9) {
    pixel = static_cast<std::uint8_t>(a * 10 + b);
    at += 3;
    return a <= 9 && at[-1] == ',';
  }
  const unsigned value = a * 100 + b * 10 + c;
  pixel = static_cast<std::uint8_t>(value);
  at += 4;
  return a <= 9 && value <= 255 && at[-1] == ',';
}

/// Reads the row [at, last), without its end of line. False where something is wrong with it.
inline bool read_row(const char* at, const char* last, std::uint8_t& label, std::uint8_t* image) {
  if (last - at < 2 * pixels + 1) return false;
  const int number = small_number(at, last);
  if (number < 0 || !is_label(number) || *at != ',') return false;
  label = static_cast<std::uint8_t>(number > skipped_label ? number - 1 : number);
  ++at;
  int i = 0;
  for (; i < pixels - 1 && last - at >= 4; ++i)
    if (!pixel_and_comma(at, image[i])) return false;
  for (; i < pixels - 1; ++i, ++at) {
    const int pixel = small_number(at, last);
    if (pixel < 0 || pixel > 255 || at == last || *at != ',') return false;
    image[i] = static_cast<std::uint8_t>(pixel);
  }
  const int pixel = small_number(at, last);
  image[pixels - 1] = static_cast<std::uint8_t>(pixel);
  return pixel >= 0 && pixel <= 255 && at == last;
}

inline std::vector<std::string_view> fields_of(std::string_view row) {
  std::vector<std::string_view> fields;
  for (std::size_t comma; (comma = row.find(',')) != row.npos; row.remove_prefix(comma + 1))
    fields.push_back(row.substr(0, comma));
  fields.push_back(row);
  return fields;
}

/// The row with each field out of its quotes, if it stands in them.
inline std::string unquoted(std::string_view row) {
  std::string text;
  bool first = true;
  for (auto field : fields_of(row)) {
    if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
      field = field.substr(1, field.size() - 2);
    if (!std::exchange(first, false)) text += ',';
    text += field;
  }
  return text;
}

inline std::string place(std::string_view file, std::size_t line) {
  return lamina::detail::joined(file, ": line ", line, ": ");
}

/// Says what is wrong with a row that could not be read.
[[noreturn]] inline void refuse_row(std::string_view row, std::size_t line, std::string_view file) {
  const auto plain = unquoted(row);
  const auto fields = fields_of(plain);
  const auto mistake = [&](const auto&... expected) {
    return error(lamina::detail::joined(place(file, line), "expected ", expected...));
  };
  for (std::size_t i = 0; i < std::min<std::size_t>(fields.size(), pixels + 1); ++i) {
    const char* at = fields[i].data();
    const char* const last = at + fields[i].size();
    const int value = small_number(at, last);
    const bool number = value >= 0 && at == last;
    if (i == 0 && !(number && is_label(value)))
      throw mistake("a label from 0 to 24 without 9, found ", quoted(fields[i]));
    if (i > 0 && !(number && value <= 255) && !(fields.size() <= pixels && i + 1 == fields.size()))
      throw mistake("a value from 0 to 255 for pixel", i, ", found ", quoted(fields[i]));
  }
  throw mistake(pixels + 1, " values, a label and 784 pixels, found ", fields.size());
}

inline void expect_header(std::string_view row, std::string_view file) {
  const auto plain = unquoted(row);
  const auto fields = fields_of(plain);
  const auto mistake = [&](const auto&... found) {
    return error(lamina::detail::joined(
        place(file, 1), "expected the header label,pixel1,…,pixel784, found ", found...));
  };
  for (std::size_t i = 0; i < std::min<std::size_t>(fields.size(), pixels + 1); ++i) {
    const auto name = i == 0 ? std::string("label") : lamina::detail::joined("pixel", i);
    if (fields[i] != name) throw mistake(quoted(fields[i]), " in place of ", name);
  }
  if (fields.size() != pixels + 1) throw mistake(fields.size(), " columns");
}

/// Reads a row with its end of line away; quotes are looked for where it cannot be read without.
inline bool read_quoted_row(std::string_view row, std::uint8_t& label, std::uint8_t* image) {
  if (read_row(row.data(), row.data() + row.size(), label, image)) return true;
  if (row.find('"') == row.npos) return false;
  const auto plain = unquoted(row);
  return read_row(plain.data(), plain.data() + plain.size(), label, image);
}

}  // namespace detail

/// Reads a whole file; fields may stand in quotes, lines may end in CR LF and the last one without
/// an end. The labels of the result are classes, 0 to 23. A mistake is a lamina::error that names
/// `file` and the line.
inline dataset parse(std::string_view text, std::string_view file) {
  if (text.empty())
    throw error(
        lamina::detail::joined(detail::place(file, 1),
                               "expected the header label,pixel1,…,pixel784, found an empty file"));
  const auto next_row = [&text] {
    const auto end = std::min(text.find('\n'), text.size());
    auto row = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (row.ends_with('\r')) row.remove_suffix(1);
    return row;
  };
  detail::expect_header(next_row(), file);
  dataset result{.height = side, .width = side, .channels = 1, .classes = classes};
  // A row has at least 2 * 785 characters: more lines than that allows are a mistake found below.
  const auto rows = std::min(static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1,
                             text.size() / (2 * (pixels + 1)) + 1);
  result.pixels.resize(rows * pixels);
  result.labels.resize(rows);
  std::size_t row_count = 0;
  for (; !text.empty(); ++row_count) {
    const auto row = next_row();
    if (row_count == rows || !detail::read_quoted_row(row, result.labels[row_count],
                                                      result.pixels.data() + row_count * pixels))
      detail::refuse_row(row, row_count + 2, file);
  }
  if (row_count == 0)
    throw error(lamina::detail::joined(detail::place(file, 2),
                                       "expected an image, found the end of the file"));
  result.pixels.resize(row_count * pixels);
  result.labels.resize(row_count);
  return result;
}

}  // namespace lamina::sign_mnist
