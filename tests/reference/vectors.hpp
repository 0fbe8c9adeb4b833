// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include <lamina/serialize/safetensors_file.hpp>

/// What PyTorch says: the tensors of vectors.safetensors (README.md beside it names them).
namespace reference {

/// A file of this folder.
inline lamina::safetensors_file open(const std::string& name) {
  const char* source = std::getenv("LAMINA_SOURCE");
  const auto folder = source != nullptr ? std::filesystem::path(source) / "tests" / "reference"
                                        : std::filesystem::path(__FILE__).parent_path();
  return lamina::safetensors_file::read((folder / name).string());
}

/// The numbers of one tensor of a file.
inline std::vector<double> numbers_of(const lamina::safetensors_file& file,
                                      const std::string& name) {
  const auto* entry = file.find(name);
  if (entry == nullptr) throw lamina::error(file.name() + ": expected '" + name + "', found none");
  std::vector<double> result(entry->count);
  if (entry->type == "F64") {
    std::memcpy(result.data(), file.bytes(*entry).data(), 8 * result.size());
  } else {
    const std::vector<float> read = file.values(*entry);
    std::copy(read.begin(), read.end(), result.begin());
  }
  return result;
}

/// The numbers of one tensor of vectors.safetensors.
inline std::vector<double> numbers(const std::string& name) {
  static const lamina::safetensors_file all = open("vectors.safetensors");
  return numbers_of(all, name);
}

/// The first `images` of the 17 images of a tensor.
inline std::vector<double> first_images(const std::string& name, int images) {
  std::vector<double> all = numbers(name);
  all.resize(all.size() / 17 * static_cast<std::size_t>(images));
  return all;
}

/// The largest difference of two arrays, relative to the largest number of the second one, 0.01 at
/// least; infinite if the sizes differ or something is no number.
inline double difference(std::span<const double> found, std::span<const double> expected) {
  if (found.size() != expected.size()) return HUGE_VAL;
  double largest = 0, scale = 0.01;
  for (std::size_t i = 0; i < found.size(); ++i) {
    const double apart = std::abs(found[i] - expected[i]);
    largest = std::isnan(apart) ? HUGE_VAL : std::max(largest, apart);
    scale = std::max(scale, std::abs(expected[i]));
  }
  return largest / scale;
}

/// What sums of doubles in another order may differ by.
inline constexpr double tolerance = 1e-12;

inline void check_close(std::span<const double> found, const std::string& name,
                        std::span<const double> expected, double within = tolerance) {
  INFO(name);
  CHECK(difference(found, expected) <= within);
}

}  // namespace reference
