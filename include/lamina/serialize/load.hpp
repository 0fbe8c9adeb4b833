// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lamina/error.hpp"
#include "lamina/serialize/architecture.hpp"
#include "lamina/serialize/safetensors_file.hpp"
#include "lamina/tensor.hpp"
#include "lamina/text.hpp"

namespace lamina {

/// The key of the metadata under which `to_text` of the architecture stands.
inline constexpr const char* architecture_key = "architecture";

namespace detail {

/// The lines of a text as one line.
inline std::string on_one_line(std::string_view text) {
  std::string line;
  for (std::size_t end; !text.empty(); text.remove_prefix(end + 1)) {
    end = std::min(text.find('\n'), text.size() - 1);
    line += joined(line.empty() ? "" : "; ", printable(text.substr(0, end)));
  }
  return line;
}

inline void check_architecture(const architecture& expected, const safetensors_file& file) {
  const auto found = file.metadata().find(architecture_key);
  if (found == file.metadata().end() || expected.empty()) return;
  const architecture saved = architecture_from_text(found->second, file.name());
  const std::string text = difference(saved, expected);
  if (!text.empty())
    throw error(joined(
        file.name(),
        ": expected the weights of this network (+), found another's (-): ", on_one_line(text)));
}

/// The numbers of the file for one tensor.
inline std::vector<float> checked_values(const tensor& expected, const safetensors_file& file) {
  const auto mistake = [&](const auto&... wanted) {
    return error(joined(file.name(), ": tensor '", expected.name, "': expected ", wanted...));
  };
  const safetensors_file::entry* found = file.find(expected.name);
  if (!found) throw mistake("shape ", shape_text(expected.shape), ", found none of that name");
  if (found->shape != expected.shape || found->count != expected.values.size())
    throw mistake("shape ", shape_text(expected.shape), ", found ", shape_text(found->shape));
  std::vector<float> values = file.values(*found);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      throw mistake("finite numbers, found ", std::isnan(values[i]) ? "NaN" : "infinity",
                    " at index ", i);
  return values;
}

}  // namespace detail

/// Fills the tensors of a network from a file, after everything has been checked: the architecture,
/// where the file's metadata has one and `expected` is not empty, and that the file has these
/// tensors and no others, with these shapes, all finite. Throws `error`, one line with the file's
/// name, and leaves the network as it was.
inline void load_into(std::span<const tensor> network, const architecture& expected,
                      const safetensors_file& file) {
  detail::check_architecture(expected, file);
  std::vector<std::vector<float>> values;
  values.reserve(network.size());
  for (const tensor& each : network) values.push_back(detail::checked_values(each, file));
  if (file.entries().size() != network.size())
    for (const safetensors_file::entry& each : file.entries())
      if (std::none_of(network.begin(), network.end(),
                       [&](const tensor& t) { return t.name == each.name; }))
        throw error(detail::joined(file.name(), ": expected ", network.size(),
                                   " tensors, found also '", detail::printable(each.name), "'"));
  for (std::size_t i = 0; i < network.size(); ++i)
    std::copy(values[i].begin(), values[i].end(), network[i].values.begin());
}

}  // namespace lamina
