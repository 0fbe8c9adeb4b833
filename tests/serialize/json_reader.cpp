// SPDX-License-Identifier: BSL-1.0
#include <lamina/serialize/json_reader.hpp>
//
#include <doctest/doctest.h>

#include <cstdint>
#include <string>
#include <vector>

namespace {

using lamina::detail::json_reader;

/// What reading a text with `take` says.
template <class Take>
std::string refusal(const std::string& text, Take take) {
  const std::string file = "f";
  try {
    json_reader json{text, file};
    take(json);
    json.end();
  } catch (const lamina::error& refused) {
    return refused.what();
  }
  return "accepted";
}

std::string skipped(const std::string& text) {
  return refusal(text, [](json_reader& json) { json.skip(); });
}

std::string string_of(const std::string& text) {
  const std::string file = "f";
  return json_reader{text, file}.string();
}

std::uint64_t count_of(const std::string& text) {
  const std::string file = "f";
  return json_reader{text, file}.count();
}

}  // namespace

TEST_CASE("values of every kind are taken") {
  for (const char* text :
       {"{}", " [ ] ", "[1,2]", R"({"a":{"b":[true,false,null,"x"]}})", "0", "-0", "-1.5e+10",
        "1E5", "0.25", "\"\"", "\t\n\r [\n{ \"a\" : 1 } , 2 ]"})
    CHECK(skipped(text) == "accepted");
}

TEST_CASE("what is no value is refused") {
  for (const char* text :
       {"",    "{",  "[",    "[1,]",    "{\"a\"}",   "{\"a\":}", "{\"a\":1,}", "{a:1}", "[1 2]",
        "01",  "-",  "1.",   ".5",      "1e",        "+1",       "tru",        "nul",   "NaN",
        "'a'", "\"", "\"\\", "\"\\x\"", "\"\\u12\"", "\"a\nb\"", "[1]]",       "{}{}",  "// a\n1"})
    CHECK_MESSAGE(skipped(text).starts_with("f: byte "), text);
  CHECK(skipped("[1 2]") == "f: byte 3 of the header: expected ']', found '2'");
  CHECK(skipped("\x01") == "f: byte 0 of the header: expected a value, found byte 0x01");
}

TEST_CASE("depth is limited") {
  CHECK(skipped(std::string(16, '[') + std::string(16, ']')) == "accepted");
  CHECK(skipped(std::string(17, '[') + std::string(17, ']')) ==
        "f: byte 16 of the header: expected values nested at most 16 deep, found '['");
  CHECK(skipped(std::string(1'000'000, '[')).starts_with("f: byte 16 "));
}

TEST_CASE("strings have escapes") {
  CHECK(string_of(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(string_of(R"("\u0041\u00e9\u2603\ud83d\ude00\u0000")") == std::string("Aé☃😀\0", 11));
  CHECK(string_of("\"é☃😀\"") == "é☃😀");
  for (const char* text : {R"("\ud83d")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ude00")"})
    CHECK(skipped(text).find("surrogate pair") != std::string::npos);
}

TEST_CASE("counts are whole and fit") {
  CHECK(count_of("0") == 0);
  CHECK(count_of(" 18446744073709551615") == UINT64_MAX);
  for (const char* text :
       {"18446744073709551616", "99999999999999999999", "-1", "1.0", "1e3", "01", "\"1\"", ""})
    CHECK(refusal(text, [](json_reader& json) { json.count(); }).starts_with("f: byte "));
}

TEST_CASE("objects and arrays give their values to the caller") {
  const std::string file = "f", text = R"({"a": [1, 2], "b": [], "a": [3]})";
  json_reader json{text, file};
  std::vector<std::string> names;
  std::vector<std::uint64_t> values;
  json.object([&](const std::string& name) {
    names.push_back(name);
    json.array([&] { values.push_back(json.count()); });
  });
  json.end();
  CHECK(names == std::vector<std::string>{"a", "b", "a"});
  CHECK(values == std::vector<std::uint64_t>{1, 2, 3});
}
