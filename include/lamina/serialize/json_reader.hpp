// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lamina/error.hpp"
#include "lamina/text.hpp"

namespace lamina::detail {

/// Reads the JSON text (RFC 8259) of a file's header value by value, as its caller expects them.
/// Every mistake throws `error`: the file, the place, what was expected and what was found.
class json_reader {
 public:
  json_reader(std::string_view text, const std::string& file) : text_{text}, file_{file} {}

  /// Takes an object: calls `member(name)` before each value, which it has to take.
  template <class Member>
  void object(Member member) {
    nested([&] {
      require('{');
      if (take('}')) return;
      do {
        const std::string name = string();
        require(':');
        member(name);
      } while (take(','));
      require('}');
    });
  }

  /// Takes an array: calls `element()` before each value, which it has to take.
  template <class Element>
  void array(Element element) {
    nested([&] {
      require('[');
      if (take(']')) return;
      do element();
      while (take(','));
      require(']');
    });
  }

  std::string string() {
    if (peek() != '"') fail("a string");
    ++place_;
    std::string result;
    for (;;) {
      if (place_ == text_.size()) fail("the end of a string");
      const char c = text_[place_];
      if (static_cast<unsigned char>(c) < 0x20) fail("a string without control characters");
      ++place_;
      if (c == '"') return result;
      if (c == '\\')
        escape(result);
      else
        result += c;
    }
  }

  /// Takes a whole number from 0 to 2^64 - 1.
  std::uint64_t count() {
    constexpr const char* what = "a whole number from 0 to 2^64 - 1";
    const char first = peek();
    if (!digit(first)) fail(what);
    const std::size_t begin = place_;
    std::uint64_t value = 0;
    for (; place_ < text_.size() && digit(text_[place_]); ++place_) {
      const auto next = static_cast<std::uint64_t>(text_[place_] - '0');
      if (value > (UINT64_MAX - next) / 10) fail(what);
      value = value * 10 + next;
    }
    if (first == '0' && place_ - begin > 1) fail("a number without leading zeros");
    if (place_ < text_.size() && std::string_view{".eE"}.find(text_[place_]) != text_.npos)
      fail(what);
    return value;
  }

  /// Takes a value of any kind.
  void skip() {
    const char first = peek();
    if (first == '{')
      object([this](const std::string&) { skip(); });
    else if (first == '[')
      array([this] { skip(); });
    else if (first == '"')
      string();
    else if (first == '-' || digit(first))
      number();
    else if (!word("true") && !word("false") && !word("null"))
      fail("a value");
  }

  /// Nothing but white space remains.
  void end() {
    space();
    if (place_ != text_.size()) fail("nothing more");
  }

  [[noreturn]] void fail(const std::string& expected) const {
    std::string found = "the end";
    if (place_ < text_.size()) {
      const char c = text_[place_];
      const auto code = static_cast<unsigned char>(c);
      constexpr const char* hex = "0123456789abcdef";
      found = c >= 0x20 && c < 0x7f ? joined('\'', c, '\'')
                                    : joined("byte 0x", hex[code / 16], hex[code % 16]);
    }
    throw error(
        joined(file_, ": byte ", place_, " of the header: expected ", expected, ", found ", found));
  }

 private:
  static constexpr int deepest = 16;

  static bool digit(char c) { return c >= '0' && c <= '9'; }

  void space() {
    while (place_ < text_.size() &&
           std::string_view{" \t\n\r"}.find(text_[place_]) != std::string_view::npos)
      ++place_;
  }

  /// The next character that is no white space, 0 at the end.
  char peek() {
    space();
    return place_ < text_.size() ? text_[place_] : '\0';
  }

  bool take(char c) {
    if (peek() != c) return false;
    ++place_;
    return true;
  }

  void require(char c) {
    if (!take(c)) fail(joined('\'', c, '\''));
  }

  template <class Body>
  void nested(Body body) {
    if (++depth_ > deepest) fail(joined("values nested at most ", deepest, " deep"));
    body();
    --depth_;
  }

  bool word(std::string_view expected) {
    if (text_.substr(place_, expected.size()) != expected) return false;
    place_ += expected.size();
    return true;
  }

  void digits() {
    if (place_ == text_.size() || !digit(text_[place_])) fail("a digit");
    while (place_ < text_.size() && digit(text_[place_])) ++place_;
  }

  bool here(char a, char b) const {
    return place_ < text_.size() && (text_[place_] == a || text_[place_] == b);
  }

  void number() {
    if (here('-', '-')) ++place_;
    if (here('0', '0'))
      ++place_;
    else
      digits();
    if (here('.', '.')) {
      ++place_;
      digits();
    }
    if (here('e', 'E')) {
      ++place_;
      if (here('+', '-')) ++place_;
      digits();
    }
  }

  void escape(std::string& result) {
    constexpr std::string_view letters = "\"\\/bfnrt", meanings = "\"\\/\b\f\n\r\t";
    if (place_ == text_.size()) fail("an escape");
    const char letter = text_[place_];
    const std::size_t which = letters.find(letter);
    if (letter != 'u' && which == letters.npos) fail("an escape");
    ++place_;
    if (letter != 'u') return void(result += meanings[which]);
    std::uint32_t point = four_digits();
    if (point >= 0xd800 && point < 0xdc00) {
      if (text_.substr(place_, 2) != "\\u") fail("the second half of a surrogate pair");
      place_ += 2;
      const std::uint32_t low = four_digits();
      if (low < 0xdc00 || low >= 0xe000) fail("the second half of a surrogate pair");
      point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
    } else if (point >= 0xdc00 && point < 0xe000) {
      fail("the first half of a surrogate pair");
    }
    append_utf8(result, point);
  }

  std::uint32_t four_digits() {
    std::uint32_t value = 0;
    for (int i = 0; i < 4; ++i, ++place_) {
      const char c = place_ < text_.size() ? text_[place_] : '\0';
      const char lower = static_cast<char>(c | 0x20);
      if (!digit(c) && (lower < 'a' || lower > 'f')) fail("four hexadecimal digits");
      value = value * 16 + static_cast<std::uint32_t>(digit(c) ? c - '0' : lower - 'a' + 10);
    }
    return value;
  }

  static void append_utf8(std::string& text, std::uint32_t point) {
    const auto tail = [&](int shift) {
      text += static_cast<char>(0x80 | ((point >> shift) & 0x3f));
    };
    if (point < 0x80) return void(text += static_cast<char>(point));
    if (point < 0x800) {
      text += static_cast<char>(0xc0 | (point >> 6));
    } else if (point < 0x10000) {
      text += static_cast<char>(0xe0 | (point >> 12));
      tail(6);
    } else {
      text += static_cast<char>(0xf0 | (point >> 18));
      tail(12);
      tail(6);
    }
    tail(0);
  }

  std::string_view text_;
  const std::string& file_;
  std::size_t place_ = 0;
  int depth_ = 0;
};

}  // namespace lamina::detail
