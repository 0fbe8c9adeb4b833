// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

#include <lamina/serialize/weights.hpp>

namespace lamina {

namespace detail {

inline std::string take_text(file_metadata& metadata, const std::string& key,
                             const std::string& file) {
  const auto found = metadata.find(key);
  if (found == metadata.end())
    throw error(joined(file, ": expected a checkpoint, found no \"", key, "\" in the metadata"));
  std::string text = std::move(found->second);
  metadata.erase(found);
  return text;
}

inline std::int64_t steps_from(const std::string& text, const std::string& file) {
  std::int64_t steps = -1;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), steps);
  if (failed != std::errc{} || end != text.data() + text.size() || steps < 0)
    throw error(joined(file, ": metadata: expected the number of steps, found ", printable(text)));
  return steps;
}

inline bool has_kept(const safetensors_file& file) {
  for (const auto& entry : file.entries())
    if (entry.name.starts_with("kept.")) return true;
  return false;
}

}  // namespace detail

/// Writes all that the next step of a trainer depends on beside its options: parameters, their
/// average, the optimizer's memory, the epochs so far. The file is whole or as it was before.
/// Throws `error`.
template <a_network Net, class Optimizer, class Loss, fusion_mode Fusion, class Arch>
void save_checkpoint(trainer<Net, Optimizer, Loss, float, Fusion, Arch>& from,
                     const std::string& path, file_metadata metadata = {}) {
  metadata["history"] = from.epochs().csv();
  metadata["steps"] = detail::joined(from.steps_done());
  detail::save_tensors(from.state(), describe<Net>(), path, std::move(metadata));
}

/// Reads a checkpoint into a trainer of the same options, which goes on with the bits of the one
/// that wrote it. Returns the metadata that was given. Throws `error`, and leaves the trainer as it
/// was.
template <a_network Net, class Optimizer, class Loss, fusion_mode Fusion, class Arch>
file_metadata load_checkpoint(trainer<Net, Optimizer, Loss, float, Fusion, Arch>& into,
                              const std::string& path) {
  const auto file = safetensors_file::read(path);
  file_metadata metadata = file.metadata();
  auto epochs = history::from_csv(detail::take_text(metadata, "history", file.name()), file.name());
  const auto steps =
      detail::steps_from(detail::take_text(metadata, "steps", file.name()), file.name());
  load_into(into.state(detail::has_kept(file)), describe<Net>(), file);
  into.continue_from(std::move(epochs), steps);
  return metadata;
}

}  // namespace lamina
