// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace lamina::detail {

/// A text of a file as it may stand in a message of one line: control characters become '?', what
/// is longer than `longest` bytes ends in "...".
inline std::string printable(std::string_view text, std::size_t longest = 200) {
  std::string result{text.substr(0, longest)};
  for (char& c : result)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text.size() > longest ? result + "..." : result;
}

}  // namespace lamina::detail
