// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <string>

namespace lamina::io::detail {

/// Whether a file begins as zip archives do.
bool is_zip(const std::filesystem::path& path);

/// The content of the file of this name, in whatever folder of the archive, the outermost first;
/// throws lamina::error where there is none, or more than `largest_file`.
std::string read_from_zip(const std::filesystem::path& archive, const std::string& name);

}  // namespace lamina::io::detail
