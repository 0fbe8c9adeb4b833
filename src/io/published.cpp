// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/published.hpp>

#include <lamina/error.hpp>
#include <lamina/io/download.hpp>
#include <lamina/io/files.hpp>
#include <lamina/io/hash.hpp>
#include <lamina/serialize/files.hpp>
#include "zip.hpp"

#include <optional>
#include <system_error>

namespace lamina::io {

namespace {

namespace fs = std::filesystem;

constexpr const char* archive_name = "archive.zip";

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

/// What a fetch was told, and what it has brought so far.
struct fetching {
  const published_set& set;
  fs::path folder;
  const std::string& from;
  const reporter& report;
  const download_progress& progress;
  long stalled_seconds;
  fs::path archive = {};  // a zip archive that is there whole

  /// Where a download lies until it is whole, so that the next fetch can go on with it.
  fs::path part_of(const std::string& name) const { return folder / ("." + name + ".part"); }

  void bring(const std::string& name, const std::string& address) const {
    const auto tell = [&](long long bytes, long long all) {
      if (progress) progress(name, bytes, all);
    };
    download(address, part_of(name), {.progress = tell, .stalled_seconds = stalled_seconds});
  }
};

void discard(const fs::path& path) {
  std::error_code ignored;
  fs::remove(path, ignored);
}

/// Packed first; only if it is not to be had, unpacked.
delivery deliver_from_address(const fetching& all, const published_file& file,
                              const std::string& prefix) {
  const auto get = [&](const std::string& ending) {
    const auto name = file.name + ending;
    const auto address = address_of(prefix, name);
    try {
      all.bring(name, address);
    } catch (const not_served&) {
      discard(all.part_of(name));
      throw;
    }
    delivery given{read_file(all.part_of(name).string()), ending};
    discard(all.part_of(name));
    expect_published(given, file, address);
    return given;
  };
  try {
    return get(".gz");
  } catch (const not_served&) {
    return get("");
  }
}

delivery deliver_from_mirrors(const fetching& all, const published_file& file) {
  std::optional<error> last;
  for (const auto& mirror : all.set.mirrors) {
    if (last) {
      all.report(std::string(last->what()) + "; trying the next mirror");
      for (const char* const ending : {".gz", ""}) discard(all.part_of(file.name + ending));
    }
    try {
      return deliver_from_address(all, file, mirror);
    } catch (const error& failure) {
      last = failure;
    }
  }
  throw *last;
}

delivery deliver_from_archive(const fetching& all, const published_file& file) {
  try {
    delivery given{detail::read_from_zip(all.archive, file.name), ""};
    expect_published(given, file, all.archive.string() + ": " + file.name);
    return given;
  } catch (const error&) {
    if (all.archive == all.part_of(archive_name))
      discard(all.archive);  // the next fetch begins anew
    throw;
  }
}

/// Brings the archive where the files come from one; it is a file of the user's, or a download.
void bring_archive(fetching& all) {
  const std::string& address = all.from.empty() ? all.set.archive : all.from;
  if (is_address(address) && (all.from.empty() || address.ends_with(".zip"))) {
    try {
      all.bring(archive_name, address);
    } catch (const not_served&) {
      discard(all.part_of(archive_name));
      throw;
    }
    all.archive = all.part_of(archive_name);
    return;
  }
  std::error_code ignored;
  if (!fs::is_regular_file(all.from, ignored)) return;
  if (!detail::is_zip(all.from))
    throw error(all.from + ": expected a folder, a zip archive or an address, found another file");
  all.archive = all.from;
}

delivery deliver(const fetching& all, const published_file& file) {
  if (!all.archive.empty()) return deliver_from_archive(all, file);
  if (all.from.empty()) return deliver_from_mirrors(all, file);
  if (is_address(all.from)) return deliver_from_address(all, file, all.from);
  return deliver_from_folder(file, all.from);
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
                                 "",
                                 ""};
  return set;
}

const published_set& published_asl() {
  static const published_set set{
      "asl",
      {{"sign_mnist_train.csv", "4c2897f19fab2b0ae2a7e4fa82e969043315d9f3a1a9cc0948b576bf1189a7e5"},
       {"sign_mnist_test.csv", "0e9d67bae23e67f40728e0b63bf15ad4bd5175947b8a9fac5dd9f17ce133c47b"}},
      {},
      "https://www.kaggle.com/api/v1/datasets/download/datamunge/sign-language-mnist",
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
           const reporter& report, const download_progress& progress, long stalled_seconds) {
  fetching all{set, data_folder / set.name, from, report, progress, stalled_seconds};
  if (from.empty() && set.mirrors.empty() && set.archive.empty())
    throw error("data fetch " + set.name +
                ": expected --from with a folder, a zip archive or an address that has " +
                set.files.front().name + "[.gz]; the archive is at " + set.origin);
  std::error_code failed;
  fs::create_directories(all.folder, failed);
  if (failed) throw error(all.folder.string() + ": cannot be created: " + failed.message());
  for (const auto& file : set.files) {
    const auto path = all.folder / file.name;
    if (already_there(file, path, report)) continue;
    if (all.archive.empty()) bring_archive(all);
    const auto given = deliver(all, file);
    write_file_atomically(path.string() + given.ending, given.bytes);
    // A wrong file without .gz would be found before the right one with it.
    if (!given.ending.empty()) discard(path);
    report(path.string() + given.ending + ": fetched");
  }
  discard(all.part_of(archive_name));
}

}  // namespace lamina::io
