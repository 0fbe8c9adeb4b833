// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "lamina/error.hpp"
#include "lamina/serialize/layer_description.hpp"
#include "lamina/text.hpp"

namespace lamina {

using architecture = std::vector<layer_description>;

namespace detail {

/// Whether two lines of a difference say the same; positions shift where a layer is put in, so they
/// do not count.
inline bool same_layer(const layer_description& a, const layer_description& b) {
  return a.layer == b.layer && a.output == b.output && a.parameters == b.parameters;
}

inline std::string layer_line(char sign, const layer_description& layer) {
  std::string line =
      joined(sign, " layer ", layer.position, ' ', layer.layer, " -> ", layer.output);
  if (layer.parameters) append(line, ", ", layer.parameters, " parameters");
  append(line, '\n');
  return line;
}

/// lengths[i][j]: how many layers a longest common sequence of the first network's from i on and
/// the second's from j on has.
template <class Same>
std::vector<std::vector<std::size_t>> common_lengths(std::size_t n, std::size_t m, Same same) {
  std::vector<std::vector<std::size_t>> lengths(n + 1, std::vector<std::size_t>(m + 1));
  for (std::size_t i = n; i-- > 0;)
    for (std::size_t j = m; j-- > 0;)
      lengths[i][j] =
          same(i, j) ? lengths[i + 1][j + 1] + 1 : std::max(lengths[i + 1][j], lengths[i][j + 1]);
  return lengths;
}

}  // namespace detail

/// The layers as text, one line each: position, layer, output, parameters and multiply-adds, with a
/// tab between them.
inline std::string to_text(const architecture& layers) {
  std::string text;
  for (const layer_description& each : layers)
    detail::append(text, each.position, '\t', each.layer, '\t', each.output, '\t', each.parameters,
                   '\t', each.multiply_adds, '\n');
  return text;
}

/// The layers of such a text. Throws `error`, which names `file`.
inline architecture architecture_from_text(std::string_view text, const std::string& file) {
  architecture layers;
  while (!text.empty()) {
    std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const auto take = [&] {
      const std::string_view field = line.substr(0, line.find('\t'));
      line.remove_prefix(std::min(line.size(), field.size() + 1));
      return field;
    };
    const auto take_count = [&](std::size_t& count) {
      const std::string_view field = take();
      const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), count);
      return failure == std::errc{} && end == field.data() + field.size();
    };
    const std::size_t tabs = static_cast<std::size_t>(std::count(line.begin(), line.end(), '\t'));
    layer_description& layer = layers.emplace_back();
    layer.position = take();
    layer.layer = take();
    layer.output = take();
    if (tabs != 4 || !take_count(layer.parameters) || !take_count(layer.multiply_adds))
      throw error(detail::joined(file, ": architecture, line ", layers.size(),
                                 ": expected position, layer, output, parameters and "
                                 "multiply-adds, found ",
                                 tabs + 1, " fields"));
  }
  return layers;
}

/// What differs between two networks, empty if nothing does: a line for each run of equal layers,
/// "= 2 layers", each layer that only the first has, "- layer 3 dense<512> -> 512", and that only
/// the second has, "+ layer 3 dense<256> -> 256". Each line ends with a newline.
inline std::string difference(const architecture& saved, const architecture& expected) {
  if (saved == expected) return {};
  // where the same layers stand at other positions, the positions are the difference
  const bool shifted = saved.size() == expected.size() &&
                       std::equal(saved.begin(), saved.end(), expected.begin(), detail::same_layer);
  const auto same = [&](std::size_t i, std::size_t j) {
    return shifted ? saved[i] == expected[j] : detail::same_layer(saved[i], expected[j]);
  };
  const auto lengths = detail::common_lengths(saved.size(), expected.size(), same);
  std::string text;
  std::size_t equal = 0, i = 0, j = 0;
  const auto finish_equal = [&] {
    if (equal) detail::append(text, "= ", equal, equal == 1 ? " layer\n" : " layers\n");
    equal = 0;
  };
  while (i < saved.size() || j < expected.size()) {
    const bool both = i < saved.size() && j < expected.size();
    if (both && same(i, j)) {
      ++equal, ++i, ++j;
      continue;
    }
    finish_equal();
    const bool remove = !both ? i < saved.size() : lengths[i + 1][j] >= lengths[i][j + 1];
    const layer_description& layer = remove ? saved[i++] : expected[j++];
    text += detail::layer_line(remove ? '-' : '+', layer);
  }
  finish_equal();
  return text;
}

}  // namespace lamina
