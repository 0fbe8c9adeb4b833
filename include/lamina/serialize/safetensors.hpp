// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/serialize/safetensors_file.hpp"
#include "lamina/tensor.hpp"
#include "lamina/text.hpp"

namespace lamina {
namespace detail {

/// The text as a JSON string; bytes above 0x7f stay as they are, UTF-8.
[[gnu::noinline]] inline std::string json_string(std::string_view text) {
  constexpr const char* hex = "0123456789abcdef";
  std::string result = "\"";
  for (const char c : text) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      append(result, '\\', c);
    else if (c == '\n')
      append(result, "\\n");
    else if (c == '\t')
      append(result, "\\t");
    else if (code < 0x20)
      append(result, "\\u00", hex[code / 16], hex[code % 16]);
    else
      append(result, c);
  }
  append(result, '"');
  return result;
}

/// The header of a file with these tensors one after the other; spaces at its end align the numbers
/// to 8 bytes.
inline std::string safetensors_header(std::span<const tensor> tensors,
                                      const std::map<std::string, std::string>& metadata) {
  std::string header = "{";
  if (!metadata.empty()) {
    const char* between = "\"__metadata__\":{";
    for (const auto& [key, value] : metadata) {
      append(header, between, json_string(key), ':', json_string(value));
      between = ",";
    }
    append(header, '}');
  }
  std::size_t offset = 0;
  for (const tensor& each : tensors) {
    const std::size_t end = offset + each.values.size() * sizeof(float);
    append(header, header.size() > 1 ? "," : "", json_string(each.name),
           ":{\"dtype\":\"F32\",\"shape\":[", joined_numbers(each.shape, ","),
           "],\"data_offsets\":[", offset, ',', end, "]}");
    offset = end;
  }
  append(header, '}');
  header.resize((header.size() + 7) / 8 * 8, ' ');
  return header;
}

}  // namespace detail

/// The bytes of a safetensors file with these tensors, in this order, as F32: a pure function of
/// its arguments. Names have to differ and each shape has to fit its values, or the file will be
/// refused.
inline std::string write_safetensors(std::span<const tensor> tensors,
                                     const std::map<std::string, std::string>& metadata) {
  const std::string header = detail::safetensors_header(tensors, metadata);
  std::size_t size = 8 + header.size();
  for (const tensor& each : tensors) size += each.values.size_bytes();
  std::string bytes;
  bytes.reserve(size);
  const std::uint64_t length = header.size();
  bytes.append(reinterpret_cast<const char*>(&length), sizeof length);
  bytes += header;
  for (const tensor& each : tensors)
    bytes.append(reinterpret_cast<const char*>(each.values.data()), each.values.size_bytes());
  return bytes;
}

}  // namespace lamina
