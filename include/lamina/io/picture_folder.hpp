// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/data/examples.hpp>
#include <lamina/preprocess/plan.hpp>

#include <filesystem>
#include <string>
#include <vector>

/// Part of the compiled library lamina::io: pictures in folders that are named as their classes.
namespace lamina::io {

/// The PNG and JPEG files in a folder and those below it, by their names, in the order of their
/// paths; what begins with a dot is left out.
std::vector<std::filesystem::path> pictures_in(const std::filesystem::path& folder);

/// Whether the folder, or its subfolders train and test, have a subfolder named as a class.
bool has_pictures_by_class(const std::filesystem::path& folder,
                           const std::vector<std::string>& labels);

/// Reads `folder/train/<class>/…` and `folder/test/<class>/…`, or, where there are none,
/// `folder/<class>/…` as both; each picture goes through the preprocessing. A folder of another
/// name, or a picture that cannot be read, is a lamina::error.
labelled_data load_pictures_by_class(const std::filesystem::path& folder,
                                     const std::vector<std::string>& labels,
                                     const preprocess_plan& preprocessing);

}  // namespace lamina::io
