// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>

namespace lamina::io {

/// Where the data sets lie: `given` if it is not empty, else the absolute path in $LAMINA_DATA,
/// else $XDG_CACHE_HOME/lamina, else ~/.cache/lamina. Throws lamina::error if none of them can be
/// named.
std::filesystem::path data_folder(const std::filesystem::path& given = {});

}  // namespace lamina::io
