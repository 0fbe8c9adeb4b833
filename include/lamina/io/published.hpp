// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

/// Part of the compiled library lamina::io: the files of a data set as they were published, with
/// their hashes. Every failure is a lamina::error of one line.
namespace lamina::io {

struct published_file {
  std::string name;    ///< in the folder, without .gz
  std::string digest;  ///< of the unpacked content: MD5 (32 digits) or SHA-256 (64 digits)
};

struct published_set {
  std::string name;  ///< its folder in the data folder, too
  std::vector<published_file> files;
  std::vector<std::string> mirrors;  ///< addresses that a file's name is appended to
  std::string archive;               ///< the address of a zip archive that has the files
  std::string origin;                ///< where a person can see it
};

/// MNIST and Sign Language MNIST.
const published_set& published_mnist();
const published_set& published_asl();

/// Told what is being done, one line each.
using reporter = std::function<void(const std::string& line)>;

/// Told of a download: bytes so far, and in all where the server says so, else 0.
using download_progress =
    std::function<void(const std::string& file, long long bytes, long long all)>;

/// Reads each file, plain or `.gz`, and compares its hash with the published one; all that is wrong
/// is reported, but for the first mistake, which is thrown at the end.
void verify(const published_set& set, const std::filesystem::path& data_folder,
            const reporter& report);

/// Brings each file that is not there and right into the data folder, from `from` (a folder, a zip
/// archive, the address of one, an address up to the names, or nothing: the mirrors in turn, or the
/// archive). A file appears under its name when its hash has been found right, not before. A
/// download that breaks off stays as `.<name>.part` and is gone on with by the next call.
void fetch(const published_set& set, const std::filesystem::path& data_folder,
           const std::string& from, const reporter& report, const download_progress& progress = {},
           long stalled_seconds = 60);

}  // namespace lamina::io
