// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/published.hpp>

#include <lamina/error.hpp>
#include <lamina/io/download.hpp>
#include <lamina/io/files.hpp>
#include <lamina/io/hash.hpp>
#include <lamina/serialize/files.hpp>

#include <optional>
#include <system_error>

namespace lamina::io {

namespace {

namespace fs = std::filesystem;

void expect_digest(std::string_view content, const published_file& file, const std::string& name) {
  const auto bytes = std::as_bytes(std::span(content));
  const bool short_digest = file.digest.size() == 32;
  const auto found = short_digest ? md5(bytes) : sha256(bytes);
  if (found != file.digest)
    throw error(name + ": expected the " + (short_digest ? "md5 " : "sha256 ") + file.digest +
                " of the published file, found " + found);
}

/// Reads a file that is there and compares it; returns its name.
std::string verify_one(const published_file& file, const fs::path& path) {
  const auto found = find_plain_or_gzip(path);
  if (found.empty())
    throw error(path.string() + ": expected this file or " + file.name + ".gz, found neither");
  const auto content = read_unpacked(found);
  expect_digest(content.text, file, content.name);
  return content.name;
}

bool is_address(std::string_view from) { return from.find("://") != from.npos; }

std::string address_of(const std::string& prefix, const std::string& name) {
  return prefix + (prefix.ends_with('/') ? "" : "/") + name;
}

/// What a source gave: the bytes to be stored, and the ending of the name under which.
struct delivery {
  std::string bytes;
  std::string ending;
};

void expect_published(const delivery& given, const published_file& file, const std::string& name) {
  if (given.ending.empty())
    expect_digest(given.bytes, file, name);
  else
    expect_digest(gunzip(given.bytes, name), file, name);
}

delivery deliver_from_folder(const published_file& file, const std::string& folder) {
  const auto path = find_plain_or_gzip(fs::path(folder) / file.name);
  if (path.empty())
    throw error((fs::path(folder) / file.name).string() + ": expected this file or " + file.name +
                ".gz, found neither");
  delivery given{read_file(path.string()), path.extension() == ".gz" ? ".gz" : ""};
  expect_published(given, file, path.string());
  return given;
}

/// Packed first; only if it is not to be had, unpacked.
delivery deliver_from_address(const published_file& file, const std::string& prefix,
                              const download_progress& progress) {
  const auto get = [&](const std::string& ending) {
    const auto name = file.name + ending;
    const auto address = address_of(prefix, name);
    delivery given{download(address,
                            [&](long long bytes, long long all) {
                              if (progress) progress(name, bytes, all);
                            }),
                   ending};
    expect_published(given, file, address);
    return given;
  };
  try {
    return get(".gz");
  } catch (const not_served&) {
    return get("");
  }
}

delivery deliver_from_mirrors(const published_set& set, const published_file& file,
                              const reporter& report, const download_progress& progress) {
  std::optional<error> last;
  for (const auto& mirror : set.mirrors) {
    if (last) report(std::string(last->what()) + "; trying the next mirror");
    try {
      return deliver_from_address(file, mirror, progress);
    } catch (const error& failure) {
      last = failure;
    }
  }
  throw *last;
}

/// True if the file is there and right. Only a hash shows it, so that it is looked for once.
bool already_there(const published_file& file, const fs::path& path, const reporter& report) {
  if (find_plain_or_gzip(path).empty()) return false;
  try {
    report(verify_one(file, path) + ": already there");
    return true;
  } catch (const error& wrong) {
    report(std::string(wrong.what()) + "; it will be replaced");
    return false;
  }
}

}  // namespace

const published_set& published_mnist() {
  static const published_set set{"mnist",
                                 {{"train-images-idx3-ubyte", "6bbc9ace898e44ae57da46a324031adb"},
                                  {"train-labels-idx1-ubyte", "a25bea736e30d166cdddb491f175f624"},
                                  {"t10k-images-idx3-ubyte", "2646ac647ad5339dbf082846283269ea"},
                                  {"t10k-labels-idx1-ubyte", "27ae3e4e09519cfbb04c329615203637"}},
                                 {"https://storage.googleapis.com/cvdf-datasets/mnist/",
                                  "https://ossci-datasets.s3.amazonaws.com/mnist/"},
                                 ""};
  return set;
}

const published_set& published_asl() {
  static const published_set set{
      "asl",
      {{"sign_mnist_train.csv", "4c2897f19fab2b0ae2a7e4fa82e969043315d9f3a1a9cc0948b576bf1189a7e5"},
       {"sign_mnist_test.csv", "0e9d67bae23e67f40728e0b63bf15ad4bd5175947b8a9fac5dd9f17ce133c47b"}},
      {},
      "https://www.kaggle.com/datasets/datamunge/sign-language-mnist"};
  return set;
}

void verify(const published_set& set, const fs::path& data_folder, const reporter& report) {
  std::optional<error> first;
  for (const auto& file : set.files) {
    try {
      report(verify_one(file, data_folder / set.name / file.name) + ": right");
    } catch (const error& wrong) {
      if (first)
        report(wrong.what());
      else
        first = wrong;
    }
  }
  if (first) throw *first;
}

void fetch(const published_set& set, const fs::path& data_folder, const std::string& from,
           const reporter& report, const download_progress& progress) {
  const auto folder = data_folder / set.name;
  if (from.empty() && set.mirrors.empty())
    throw error("data fetch " + set.name +
                ": expected --from with a folder or an address that has " + set.files.front().name +
                "[.gz]; the archive is at " + set.origin);
  std::error_code failed;
  if (fs::is_regular_file(from, failed))
    throw error(from + ": expected a folder or an address, found a file; unpack an archive first");
  fs::create_directories(folder, failed);
  if (failed) throw error(folder.string() + ": cannot be created: " + failed.message());
  for (const auto& file : set.files) {
    const auto path = folder / file.name;
    if (already_there(file, path, report)) continue;
    const auto given = from.empty()       ? deliver_from_mirrors(set, file, report, progress)
                       : is_address(from) ? deliver_from_address(file, from, progress)
                                          : deliver_from_folder(file, from);
    write_file_atomically(path.string() + given.ending, given.bytes);
    // A wrong file without .gz would be found before the right one with it.
    if (!given.ending.empty()) fs::remove(path, failed);
    report(path.string() + given.ending + ": fetched");
  }
}

}  // namespace lamina::io
