// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <lamina/describe.hpp>
#include <lamina/serialize/architecture.hpp>
#include <lamina/serialize/files.hpp>
#include <lamina/serialize/load.hpp>
#include <lamina/serialize/safetensors.hpp>
#include <lamina/serialize/safetensors_file.hpp>
#include <lamina/train/classifier.hpp>
#include <lamina/train/trainer.hpp>

namespace lamina {

/// Further entries of a file's metadata: label names, preprocessing, what a program likes to keep.
using file_metadata = std::map<std::string, std::string>;

namespace detail {

inline void save_tensors(std::span<const tensor> tensors, const architecture& layers,
                         const std::string& path, file_metadata metadata) {
  metadata[std::string(architecture_key)] = to_text(layers);
  write_file_atomically(path, write_safetensors(tensors, metadata));
}

/// Returns the file's metadata.
inline file_metadata load_tensors(std::span<const tensor> tensors, const architecture& layers,
                                  const std::string& path) {
  const safetensors_file file = safetensors_file::read(path);
  load_into(tensors, layers, file);
  return file.metadata();
}

}  // namespace detail

/// Writes the weights as safetensors, names and layouts as in PyTorch's state of the same layers,
/// the architecture in the metadata. A pure function of weights and metadata; the file is whole or
/// as it was before. Throws `error`.
template <a_network Net, class Arch>
void save(const classifier<Net, float, Arch>& from, const std::string& path,
          file_metadata metadata = {}) {
  auto& views = const_cast<classifier<Net, float, Arch>&>(from);  // for reading alone
  detail::save_tensors(views.parameters(), describe<Net>(), path, std::move(metadata));
}

/// The weights of a trainer, moving statistics included; their average where it has one.
template <a_network Net, class Optimizer, class Loss, fusion_mode Fusion, class Arch>
void save(trainer<Net, Optimizer, Loss, float, Fusion, Arch>& from, const std::string& path,
          file_metadata metadata = {}) {
  detail::save_tensors(from.answering_parameters(), describe<Net>(), path, std::move(metadata));
}

/// Reads weights and returns the file's metadata. The file of another network is refused with the
/// difference, layer by layer, and leaves the weights as they were. Throws `error`.
template <a_network Net, class Arch>
file_metadata load(classifier<Net, float, Arch>& into, const std::string& path) {
  auto metadata = detail::load_tensors(into.parameters(), describe<Net>(), path);
  into.refresh();
  return metadata;
}

template <a_network Net, class Optimizer, class Loss, fusion_mode Fusion, class Arch>
file_metadata load(trainer<Net, Optimizer, Loss, float, Fusion, Arch>& into,
                   const std::string& path) {
  auto metadata = detail::load_tensors(into.parameters(), describe<Net>(), path);
  into.refresh();
  return metadata;
}

}  // namespace lamina
