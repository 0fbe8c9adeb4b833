// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

/// How the messages and headers of files are put together.
namespace lamina::detail {

// Not inlined: messages and names are put together in many places, and nowhere in a hurry.
[[gnu::noinline]] inline void append_text(std::string& to, std::string_view part) { to += part; }
[[gnu::noinline]] inline void append_digits(std::string& to, std::uint64_t number, bool negative) {
  char digits[21], *first = digits + sizeof digits;
  do *--first = static_cast<char>('0' + number % 10);
  while ((number /= 10) != 0);
  if (negative) *--first = '-';
  append_text(to, {first, digits + sizeof digits});
}

inline void append_part(std::string& to, std::string_view part) { append_text(to, part); }
inline void append_part(std::string& to, char part) { append_text(to, {&part, 1}); }
inline void append_part(std::string& to, std::integral auto part) {
  const auto bits = static_cast<std::uint64_t>(part);
  append_digits(to, part < 0 ? 0 - bits : bits, part < 0);
}

/// Appends texts, characters and whole numbers, one after the other.
template <class... Parts>
void append(std::string& to, const Parts&... parts) {
  (append_part(to, parts), ...);
}

/// The same as a text of their own.
template <class... Parts>
std::string joined(const Parts&... parts) {
  std::string text;
  append(text, parts...);
  return text;
}

/// Whole numbers with a separator between them.
inline std::string joined_numbers(std::span<const std::size_t> numbers, const char* separator) {
  std::string text;
  for (const std::size_t each : numbers) {
    if (!text.empty()) text += separator;
    append(text, each);
  }
  return text;
}

/// A text of a file as it may stand in a message of one line: control characters become '?', what
/// is longer than `longest` bytes ends in "...".
inline std::string printable(std::string_view text, std::size_t longest = 200) {
  std::string result{text.substr(0, longest)};
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  if (text.size() > longest) result += "...";
  return result;
}

}  // namespace lamina::detail
