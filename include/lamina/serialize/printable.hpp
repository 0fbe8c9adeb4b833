// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>

/// How the messages and headers of files are put together.
namespace lamina::detail {

inline void append(std::string& text, std::string_view part) { text += part; }
inline void append(std::string& text, char part) { text += part; }
inline void append(std::string& text, std::integral auto part) { text += std::to_string(part); }

/// Texts, characters and whole numbers, one after the other.
template <class... Parts>
std::string joined(const Parts&... parts) {
  std::string text;
  (append(text, parts), ...);
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
