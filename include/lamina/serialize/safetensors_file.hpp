// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lamina/error.hpp"
#include "lamina/serialize/files.hpp"
#include "lamina/serialize/json_reader.hpp"
#include "lamina/serialize/scalar_type.hpp"
#include "lamina/text.hpp"

namespace lamina {

/// A tensor's shape as text, "(512, 784)".
inline std::string shape_text(std::span<const std::size_t> shape) {
  return detail::joined('(', detail::joined_numbers(shape, ", "), ')');
}

/// A file of named tensors in the safetensors format (https://github.com/huggingface/safetensors):
/// the length of a JSON header in 8 bytes, the header, the numbers. Whatever is not exactly that is
/// refused: an `error` of one line that names the file, what was expected and what was found.
class safetensors_file {
 public:
  struct entry {
    std::string name, type;  // the type as in the file: F32, F64, F16, BF16, ...
    std::vector<std::size_t> shape;
    std::size_t begin = 0, end = 0;  // bytes after the header
    std::size_t count = 1;           // the product of the shape
  };

  /// The longest header, as in the reference implementation.
  static constexpr std::size_t longest_header = 100'000'000;

  /// Takes the bytes of a file; `name` is what errors call it.
  safetensors_file(std::string bytes, std::string name)
      : bytes_{std::move(bytes)}, name_{std::move(name)} {
    read_header(header_text());
    check_cover();
  }

  static safetensors_file read(const std::string& path) { return {read_file(path), path}; }

  const std::string& name() const { return name_; }
  const std::map<std::string, std::string>& metadata() const { return metadata_; }
  /// In the order of their bytes.
  std::span<const entry> entries() const { return entries_; }

  /// Null if there is no tensor of that name.
  const entry* find(std::string_view name) const {
    for (const entry& each : entries_)
      if (each.name == name) return &each;
    return nullptr;
  }

  /// The bytes of a tensor, little-endian, not aligned.
  std::string_view bytes(const entry& tensor) const {
    return std::string_view{bytes_}.substr(data_ + tensor.begin, tensor.end - tensor.begin);
  }

  /// The numbers of a tensor as floats. Throws `error` if they are none.
  std::vector<float> values(const entry& tensor) const {
    if (!detail::readable(tensor.type))
      fail_tensor(tensor.name, "F32, F64, F16 or BF16, found ", tensor.type);
    const std::string_view from = bytes(tensor);
    std::vector<float> result(tensor.count);
    if (tensor.type == "F32") {
      if (!result.empty()) std::memcpy(result.data(), from.data(), from.size());
      return result;
    }
    const std::size_t size = detail::find_scalar_type(tensor.type)->bytes;
    for (std::size_t i = 0; i < result.size(); ++i)
      result[i] = detail::read_number(tensor.type, from.data() + i * size);
    return result;
  }

 private:
  template <class... Parts>
  [[noreturn]] void fail(const Parts&... parts) const {
    throw error(detail::joined(name_, ": ", parts...));
  }

  template <class... Parts>
  [[noreturn]] void fail_tensor(std::string_view tensor, const Parts&... parts) const {
    fail("tensor '", detail::printable(tensor), "': expected ", parts...);
  }

  /// Finds the header and where the numbers begin.
  std::string_view header_text() {
    if (bytes_.size() < 8) fail("expected a safetensors file, found ", bytes_.size(), " bytes");
    const auto length = detail::load<std::uint64_t>(bytes_.data());
    if (length > longest_header)
      fail("expected a safetensors header of at most ", longest_header, " bytes, found one of ",
           length);
    if (length > bytes_.size() - 8)
      fail("expected a safetensors header of ", length, " bytes, found ", bytes_.size() - 8);
    data_ = 8 + static_cast<std::size_t>(length);
    return std::string_view{bytes_}.substr(8, static_cast<std::size_t>(length));
  }

  void read_header(std::string_view text) {
    detail::json_reader json{text, name_};
    bool described = false;
    json.object([&](const std::string& name) {
      if (name == "__metadata__") {
        if (std::exchange(described, true)) json.fail("one __metadata__");
        read_metadata(json);
      } else {
        read_entry(json, name);
      }
    });
    json.end();
  }

  void read_metadata(detail::json_reader& json) {
    json.object([&](const std::string& key) {
      if (metadata_.find(key) != metadata_.end())
        fail("expected each key of the metadata once, found '", detail::printable(key), "' again");
      metadata_[key] = json.string();
    });
  }

  void read_entry(detail::json_reader& json, const std::string& name) {
    entry read;
    read.name = name;
    std::vector<std::size_t> offsets;
    bool type = false, shape = false, place = false;
    const auto numbers = [&](std::vector<std::size_t>& into) {
      json.array([&] { into.push_back(json.count()); });
    };
    json.object([&](const std::string& key) {
      if (key == "dtype" && !std::exchange(type, true))
        read.type = json.string();
      else if (key == "shape" && !std::exchange(shape, true))
        numbers(read.shape);
      else if (key == "data_offsets" && !std::exchange(place, true))
        numbers(offsets);
      else if (key == "dtype" || key == "shape" || key == "data_offsets")
        fail_tensor(name, key, " once, found it again");
      else
        json.skip();
    });
    if (!type || !shape || !place)
      fail_tensor(name, "dtype, shape and data_offsets, found no ",
                  type ? (shape ? "data_offsets" : "shape") : "dtype");
    if (offsets.size() != 2) fail_tensor(name, "2 data_offsets, found ", offsets.size());
    read.begin = offsets[0];
    read.end = offsets[1];
    check_size(read);
    entries_.push_back(std::move(read));
  }

  /// The bytes of a tensor have to lie in the file and to be as many as its shape and type say.
  void check_size(entry& tensor) const {
    const std::size_t size = bytes_.size() - data_;
    if (tensor.begin > tensor.end || tensor.end > size)
      fail_tensor(tensor.name, "data_offsets within ", size, " bytes, found ", tensor.begin, " to ",
                  tensor.end);
    const detail::scalar_type* type = detail::find_scalar_type(tensor.type);
    if (!type)
      fail_tensor(tensor.name, "a type such as F32, found '", detail::printable(tensor.type), "'");
    std::size_t count = type->bytes;
    bool fits = true;
    for (const std::size_t extent : tensor.shape)
      fits = !__builtin_mul_overflow(count, extent, &count) && fits;
    if (!fits || count != tensor.end - tensor.begin)
      fail_tensor(tensor.name, fits ? detail::joined(count) : "more than 2^64",
                  " bytes for the shape ", shape_text(tensor.shape), " of ", tensor.type,
                  ", found ", tensor.end - tensor.begin);
    tensor.count = count / type->bytes;
  }

  /// The tensors have to cover the bytes after the header without gaps or overlaps, and to have
  /// different names.
  void check_cover() {
    // one type for both orders, as each would have a sort of its own
    using comparison = bool (*)(const entry&, const entry&);
    const comparison by_name = [](const entry& a, const entry& b) { return a.name < b.name; };
    const comparison by_place = [](const entry& a, const entry& b) {
      if (a.begin != b.begin) return a.begin < b.begin;
      return a.end != b.end ? a.end < b.end : a.name < b.name;
    };
    std::sort(entries_.begin(), entries_.end(), by_name);
    for (std::size_t i = 1; i < entries_.size(); ++i)
      if (entries_[i].name == entries_[i - 1].name)
        fail("expected each tensor once, found '", detail::printable(entries_[i].name), "' again");
    std::sort(entries_.begin(), entries_.end(), by_place);
    std::size_t covered = 0;
    for (const entry& each : entries_) {
      if (each.begin != covered)
        fail_tensor(each.name, "to begin at byte ", covered, ", found it at byte ", each.begin);
      covered = each.end;
    }
    if (covered != bytes_.size() - data_)
      fail("expected ", covered, " bytes after the header, found ", bytes_.size() - data_);
  }

  std::string bytes_, name_;
  std::size_t data_ = 0;
  std::map<std::string, std::string> metadata_;
  std::vector<entry> entries_;
};

}  // namespace lamina
