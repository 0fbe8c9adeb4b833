// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/error.hpp>
#include <lamina/io/files.hpp>

#include <cstddef>
#include <functional>
#include <string>

namespace lamina::io {

/// The server was reached and has nothing there (status 400 or more).
struct not_served : error {
  using error::error;
};

/// The bytes behind an http or https address, whole; redirections are followed. A lamina::error
/// names the address. `progress` is told the bytes so far and, where the server says so, in all.
std::string download(const std::string& address,
                     const std::function<void(long long, long long)>& progress = {},
                     std::size_t limit = largest_file);

}  // namespace lamina::io
