// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/error.hpp>
#include <lamina/io/files.hpp>

#include <cstddef>
#include <filesystem>
#include <functional>
#include <string>

namespace lamina::io {

/// The server was reached and has nothing there (status 400 or more).
struct not_served : error {
  using error::error;
};

struct download_options {
  std::function<void(long long, long long)> progress = {};  ///< bytes so far, and in all or 0
  std::size_t limit = largest_file;
  long stalled_seconds = 60;  ///< without a byte, after which the connection is given up
};

/// Brings what is behind an http or https address into a file; redirections are followed. Where the
/// file has a part of it already, as an earlier call may have left it, the rest is asked for
/// (RFC 9110, range requests), and so it is where a connection breaks off or stalls; a server that
/// does not know how sends everything anew. What has come stays in the file when it ends in a
/// lamina::error, which names the address.
void download(const std::string& address, const std::filesystem::path& to,
              const download_options& options = {});

}  // namespace lamina::io
