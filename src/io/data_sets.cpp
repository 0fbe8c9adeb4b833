// SPDX-License-Identifier: BSL-1.0
#include <lamina/data/idx.hpp>
#include <lamina/data/sign_mnist.hpp>
#include <lamina/error.hpp>
#include <lamina/io/asl.hpp>
#include <lamina/io/data_folder.hpp>
#include <lamina/io/files.hpp>
#include <lamina/io/mnist.hpp>

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

}  // namespace

labelled_data mnist::load(const std::string& data_folder) {
  const auto folder = io::data_folder(data_folder) / "mnist";
  labelled_data data{read_digits(folder, "train"), read_digits(folder, "t10k"), {}};
  for (int digit = 0; digit < 10; ++digit) data.labels.push_back(std::to_string(digit));
  return data;
}

labelled_data asl::load(const std::string& data_folder) {
  const auto folder = io::data_folder(data_folder) / "asl";
  return {read_signs(folder, "train"), read_signs(folder, "test"), sign_mnist::labels()};
}

}  // namespace lamina
