// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

/// The types of numbers that a safetensors file can hold, and those of them that weights can have.
namespace lamina::detail {

static_assert(std::endian::native == std::endian::little, "safetensors are little-endian");

struct scalar_type {
  std::string_view name;
  std::size_t bytes;
};

inline constexpr scalar_type scalar_types[] = {
    {"F32", 4}, {"F64", 8}, {"F16", 2},     {"BF16", 2},    {"BOOL", 1},   {"U8", 1},
    {"I8", 1},  {"U16", 2}, {"I16", 2},     {"U32", 4},     {"I32", 4},    {"U64", 8},
    {"I64", 8}, {"C64", 8}, {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"F8_E8M0", 1}};

/// Null if there is no such type.
constexpr const scalar_type* find_scalar_type(std::string_view name) {
  for (const scalar_type& each : scalar_types)
    if (each.name == name) return &each;
  return nullptr;
}

template <class T>
T load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

/// IEEE 754 binary16, exactly.
inline float from_half(std::uint16_t bits) {
  const int exponent = (bits >> 10) & 31;
  const auto fraction = static_cast<float>(bits & 1023);
  float value = std::ldexp(exponent ? 1024 + fraction : fraction, exponent ? exponent - 25 : -24);
  if (exponent == 31) value = std::bit_cast<float>(fraction != 0 ? 0x7fc00000u : 0x7f800000u);
  return bits >> 15 ? -value : value;
}

/// True for the types that `read_number` reads: F32, F64, F16 and BF16.
constexpr bool readable(std::string_view type) {
  return type == "F32" || type == "F64" || type == "F16" || type == "BF16";
}

/// One number of a readable type as a float, the nearest for F64.
inline float read_number(std::string_view type, const char* bytes) {
  if (type == "F32") return load<float>(bytes);
  if (type == "F64") return static_cast<float>(load<double>(bytes));
  if (type == "F16") return from_half(load<std::uint16_t>(bytes));
  return std::bit_cast<float>(std::uint32_t{load<std::uint16_t>(bytes)} << 16);
}

}  // namespace lamina::detail
