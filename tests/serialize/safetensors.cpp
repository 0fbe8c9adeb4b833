// SPDX-License-Identifier: BSL-1.0
#include <lamina/serialize/safetensors.hpp>
//
#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include "foreign_safetensors.hpp"

namespace {

using lamina::safetensors_file;
using lamina::tensor;

struct two_tensors {
  std::vector<float> weight{1, -2, 3.5f, 0, -0.0f, 1e-40f}, bias{7, 8};
  std::vector<tensor> tensors{{"1.weight", {2, 3}, weight}, {"1.bias", {2}, bias}};
};

/// A file with this header, not padded, and these bytes after it.
std::string file_of(const std::string& header, const std::string& data = {}) {
  const std::uint64_t length = header.size();
  std::string bytes(sizeof length, '\0');
  std::memcpy(bytes.data(), &length, sizeof length);
  return bytes + header + data;
}

std::string refusal(const std::string& bytes) {
  try {
    safetensors_file{bytes, "f"};
  } catch (const lamina::error& refused) {
    return refused.what();
  }
  return "accepted";
}

/// The refusal of a header that describes 8 bytes.
std::string refusal_of(const std::string& header) { return refusal(file_of(header, "01234567")); }

}  // namespace

TEST_CASE("what is written is read") {
  const two_tensors written;
  const std::map<std::string, std::string> metadata{{"labels", "a\nb\tc"},
                                                    {"architecture", "\"\\ \x01 \xc3\xa9"}};
  const std::string bytes = lamina::write_safetensors(written.tensors, metadata);
  CHECK(bytes == lamina::write_safetensors(written.tensors, metadata));
  const safetensors_file file{bytes, "f"};
  CHECK(file.metadata() == metadata);
  REQUIRE(file.entries().size() == 2);
  CHECK(file.entries()[0].name == "1.weight");
  const auto* weight = file.find("1.weight");
  REQUIRE(weight);
  CHECK(weight->shape == std::vector<std::size_t>{2, 3});
  const std::vector<float> values = file.values(*weight);
  CHECK(std::memcmp(values.data(), written.weight.data(), 24) == 0);
  CHECK(file.bytes(*weight).size() == 24);
  CHECK(file.values(*file.find("1.bias")) == written.bias);
  CHECK(file.find("2.bias") == nullptr);
}

TEST_CASE("the bytes are those of the format") {
  std::vector<float> one{1};
  const std::vector<tensor> tensors{{"a\"", {}, one}};
  const std::string header =
      R"({"__metadata__":{"k":"v"},"a\"":{"dtype":"F32","shape":[],"data_offsets":[0,4]}})";
  CHECK(lamina::write_safetensors(tensors, {{"k", "v"}}) ==
        file_of(header + std::string((8 - header.size() % 8) % 8, ' '),
                std::string("\0\0\x80\x3f", 4)));
  CHECK(lamina::write_safetensors({}, {}) == file_of("{}      "));
  const safetensors_file empty{file_of("{}"), "f"};
  CHECK(empty.entries().empty());
}

TEST_CASE("a file of Python's safetensors is read, in all types that weights have") {
  const std::string bytes(reinterpret_cast<const char*>(foreign::bytes), sizeof foreign::bytes);
  const safetensors_file file{bytes, "foreign.safetensors"};
  CHECK(file.metadata() == std::map<std::string, std::string>{{"format", "pt"}, {"é", "\"\\\n☃😀"}});
  const std::vector<float> expected{0, 1, -2, 0.5f, 65504, 6.103515625e-05f};
  for (const char* name : {"F32", "F64", "F16"}) {
    const auto* found = file.find(name);
    REQUIRE(found);
    CHECK(found->type == name);
    CHECK(found->shape == std::vector<std::size_t>{2, 3});
    CHECK(file.values(*found) == expected);
  }
  REQUIRE(file.find("BF16"));
  CHECK(file.values(*file.find("BF16"))[3] == 0.5f);
  CHECK(file.values(*file.find("BF16"))[4] == 65536);
  REQUIRE(file.find("empty"));
  CHECK(file.values(*file.find("empty")).empty());
  REQUIRE(file.find("I64"));
  CHECK_THROWS_WITH_AS(file.values(*file.find("I64")),
                       "foreign.safetensors: tensor 'I64': expected F32, F64, F16 or BF16, found "
                       "I64",
                       lamina::error);
}

TEST_CASE("every half is read exactly") {
  using lamina::detail::from_half;
  CHECK(from_half(0x0001) == 0x1p-24f);
  CHECK(from_half(0x03ff) == 1023 * 0x1p-24f);
  CHECK(from_half(0x0400) == 0x1p-14f);
  CHECK(from_half(0x3c00) == 1);
  CHECK(from_half(0x3555) == 0.333251953125f);
  CHECK(from_half(0x7bff) == 65504);
  CHECK(from_half(0xfbff) == -65504);
  CHECK(std::signbit(from_half(0x8000)));
  CHECK(from_half(0x7c00) == std::numeric_limits<float>::infinity());
  CHECK(from_half(0xfc00) == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(from_half(0x7e00)));
  for (std::uint16_t bits = 0; bits < 0x7c00; ++bits)
    CHECK(from_half(bits) < from_half(static_cast<std::uint16_t>(bits + 1)));
}

TEST_CASE("a file that is none is refused with the reason") {
  CHECK(refusal("") == "f: expected a safetensors file, found 0 bytes");
  CHECK(refusal("1234567") == "f: expected a safetensors file, found 7 bytes");
  CHECK(refusal(std::string(8, '\xff')) ==
        "f: expected a safetensors header of at most 100000000 bytes, found one of "
        "18446744073709551615");
  CHECK(refusal(std::string("\x20\0\0\0\0\0\0\0{}", 10)) ==
        "f: expected a safetensors header of 32 bytes, found 2");
  CHECK(refusal(file_of("")) == "f: byte 0 of the header: expected '{', found the end");
  CHECK(refusal(file_of("[]")) == "f: byte 0 of the header: expected '{', found '['");
  CHECK(refusal(file_of("{}", "x")) == "f: expected 0 bytes after the header, found 1");
  CHECK(refusal(file_of("{} x")) == "f: byte 3 of the header: expected nothing more, found 'x'");
}

TEST_CASE("tensors that do not fit their file are refused with the reason") {
  const std::string good = R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}})";
  CHECK(refusal_of(good) == "accepted");
  CHECK(
      refusal_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8],"x":[1,{"y":null}]}})") ==
      "accepted");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,12]}})") ==
        "f: tensor 'a': expected data_offsets within 8 bytes, found 0 to 12");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[8,0]}})") ==
        "f: tensor 'a': expected data_offsets within 8 bytes, found 8 to 0");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}})") ==
        "f: tensor 'a': expected 12 bytes for the shape (3) of F32, found 8");
  CHECK(
      refusal_of(R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,8]}})") ==
      "f: tensor 'a': expected more than 2^64 bytes for the shape (4294967296, 4294967296) of "
      "F32, found 8");
  CHECK(refusal_of(R"({"a":{"dtype":"F31","shape":[2],"data_offsets":[0,8]}})") ==
        "f: tensor 'a': expected a type such as F32, found 'F31'");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8,9]}})") ==
        "f: tensor 'a': expected 2 data_offsets, found 3");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","data_offsets":[0,8]}})") ==
        "f: tensor 'a': expected dtype, shape and data_offsets, found no shape");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","dtype":"F32","shape":[2],"data_offsets":[0,8]}})") ==
        "f: tensor 'a': expected dtype once, found it again");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}})") ==
        "f: expected 4 bytes after the header, found 8");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})") ==
        "f: tensor 'a': expected to begin at byte 0, found it at byte 4");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},)"
                   R"("b":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})") ==
        "f: tensor 'b': expected to begin at byte 8, found it at byte 4");
  CHECK(refusal_of(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                   R"("a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})") ==
        "f: expected each tensor once, found 'a' again");
  CHECK(refusal_of(R"({"__metadata__":{"a":"","a":""}})") ==
        "f: expected each key of the metadata once, found 'a' again");
  CHECK(refusal_of(R"({"__metadata__":{},"__metadata__":{}})") ==
        "f: byte 34 of the header: expected one __metadata__, found '{'");
  CHECK(refusal_of(R"({"__metadata__":{"a":1}})") ==
        "f: byte 21 of the header: expected a string, found '1'");
}

TEST_CASE("no mutation of a file does worse than being refused") {
  const two_tensors written;
  const std::string bytes = lamina::write_safetensors(written.tensors, {{"k\n", "v\x02"}});
  const auto try_read = [](const std::string& mutated) {
    try {
      const safetensors_file file{mutated, "f"};
      for (const auto& each : file.entries()) static_cast<void>(file.values(each));
    } catch (const lamina::error& refused) {
      CHECK(std::string{refused.what()}.starts_with("f: "));
      CHECK(std::string{refused.what()}.find('\n') == std::string::npos);
    }
  };
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CHECK(refusal(bytes.substr(0, size)) != "accepted");
    CHECK(refusal(bytes.substr(0, size) + bytes.substr(size + 1)) != "accepted");
    for (int value = 0; value < 256; ++value) {
      std::string mutated = bytes;
      mutated[size] = static_cast<char>(value);
      try_read(mutated);
    }
  }
}
