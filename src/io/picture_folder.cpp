// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/picture_folder.hpp>

#include <lamina/error.hpp>
#include <lamina/io/preprocess.hpp>

#include <algorithm>
#include <cctype>
#include <system_error>

namespace lamina::io {

namespace {

namespace fs = std::filesystem;

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with('.'); }

bool is_picture_name(const fs::path& path) {
  std::string ending = path.extension().string();
  std::ranges::transform(ending, ending.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending == ".png" || ending == ".jpg" || ending == ".jpeg";
}

/// The folders in a folder, by name; none where it cannot be read.
std::vector<fs::path> subfolders(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code failed;
  for (fs::directory_iterator at(folder, failed), end; !failed && at != end; at.increment(failed))
    if (at->is_directory() && !is_hidden(at->path())) all.push_back(at->path());
  std::ranges::sort(all);
  return all;
}

bool has_classes(const fs::path& folder, const std::vector<std::string>& labels) {
  return std::ranges::any_of(subfolders(folder), [&](const fs::path& path) {
    return std::ranges::find(labels, path.filename().string()) != labels.end();
  });
}

std::string names_of(const std::vector<std::string>& labels) {
  std::string names;
  for (const auto& label : labels) names += (names.empty() ? "" : ", ") + label;
  return names;
}

dataset load_classes(const fs::path& folder, const std::vector<std::string>& labels,
                     const preprocess_plan& preprocessing) {
  dataset result{.height = preprocessing.height(),
                 .width = preprocessing.width(),
                 .channels = 1,
                 .classes = static_cast<int>(labels.size())};
  for (const auto& path : subfolders(folder)) {
    const auto label = std::ranges::find(labels, path.filename().string());
    if (label == labels.end())
      throw error(path.string() + ": expected a folder named as one of the classes " +
                  names_of(labels) + ", found " + path.filename().string());
    for (const auto& file : pictures_in(path)) {
      const auto read = preprocess(read_picture(file), preprocessing);
      result.pixels.insert(result.pixels.end(), read.pixels.begin(), read.pixels.end());
      result.labels.push_back(static_cast<std::uint8_t>(label - labels.begin()));
    }
  }
  if (result.size() == 0)
    throw error(folder.string() + ": expected PNG or JPEG pictures in folders of the classes, " +
                "found none");
  return result;
}

}  // namespace

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> all;
  std::error_code failed;
  for (fs::recursive_directory_iterator at(folder, failed), end; !failed && at != end;
       at.increment(failed)) {
    if (is_hidden(at->path()))
      at.disable_recursion_pending();
    else if (is_picture_name(at->path()) && at->is_regular_file())
      all.push_back(at->path());
  }
  if (failed) throw error(folder.string() + ": cannot be read: " + failed.message());
  std::ranges::sort(all);
  return all;
}

bool has_pictures_by_class(const fs::path& folder, const std::vector<std::string>& labels) {
  return has_classes(folder, labels) || has_classes(folder / "train", labels) ||
         has_classes(folder / "test", labels);
}

labelled_data load_pictures_by_class(const fs::path& folder, const std::vector<std::string>& labels,
                                     const preprocess_plan& preprocessing) {
  if (has_classes(folder, labels)) {
    const auto all = load_classes(folder, labels, preprocessing);
    return {all, all, labels};
  }
  return {load_classes(folder / "train", labels, preprocessing),
          load_classes(folder / "test", labels, preprocessing), labels};
}

}  // namespace lamina::io
