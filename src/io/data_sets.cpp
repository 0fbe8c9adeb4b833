// SPDX-License-Identifier: BSL-1.0
#include <lamina/data/idx.hpp>
#include <lamina/data/sign_mnist.hpp>
#include <lamina/error.hpp>
#include <lamina/io/asl.hpp>
#include <lamina/io/data_folder.hpp>
#include <lamina/io/files.hpp>
#include <lamina/io/mnist.hpp>

#include <future>
#include <string>

namespace lamina {

namespace {

io::file_content read(const std::filesystem::path& path, const std::string& set) {
  const auto found = io::find_plain_or_gzip(path);
  if (found.empty())
    throw error(path.string() + ": expected this file or " + path.filename().string() +
                ".gz, found neither; `lamina data fetch " + set + "` gets it");
  return io::read_unpacked(found);
}

dataset read_digits(const std::filesystem::path& folder, const std::string& part) {
  const auto images = read(folder / (part + "-images-idx3-ubyte"), "mnist");
  const auto labels = read(folder / (part + "-labels-idx1-ubyte"), "mnist");
  return idx::parse_images(images.bytes(), images.name, labels.bytes(), labels.name, 10);
}

dataset read_signs(const std::filesystem::path& folder, const std::string& part) {
  const auto file = read(folder / ("sign_mnist_" + part + ".csv"), "asl");
  return sign_mnist::parse(file.text, file.name);
}

/// Both parts of a folder, the test images on a thread of their own meanwhile.
labelled_data read_both(dataset (*read_part)(const std::filesystem::path&, const std::string&),
                        const std::filesystem::path& folder, const std::string& train,
                        const std::string& test) {
  auto later = std::async(std::launch::async, read_part, folder, test);
  labelled_data data;
  data.train = read_part(folder, train);
  data.test = later.get();
  return data;
}

}  // namespace

labelled_data mnist::load(const std::string& data_folder) {
  const auto folder = io::data_folder(data_folder) / "mnist";
  auto data = read_both(read_digits, folder, "train", "t10k");
  for (int digit = 0; digit < 10; ++digit) data.labels.push_back(std::to_string(digit));
  return data;
}

labelled_data asl::load(const std::string& data_folder) {
  const auto folder = io::data_folder(data_folder) / "asl";
  auto data = read_both(read_signs, folder, "train", "test");
  data.labels = sign_mnist::labels();
  return data;
}

}  // namespace lamina
