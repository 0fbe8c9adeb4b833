// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/asl.hpp>
#include <lamina/io/mnist.hpp>

#include "temporary_folder.hpp"
#include "test_bytes.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <map>
#include <numeric>

using namespace lamina;

namespace {

std::string big_endian(unsigned value) {
  std::string text;
  for (int shift = 24; shift >= 0; shift -= 8) text += static_cast<char>(value >> shift & 255);
  return text;
}

std::string idx_images(unsigned count) {
  std::string text = big_endian(0x803) + big_endian(count) + big_endian(28) + big_endian(28);
  for (unsigned i = 0; i < count * 784; ++i) text += static_cast<char>(i % 251);
  return text;
}

std::string idx_labels(unsigned count) {
  std::string text = big_endian(0x801) + big_endian(count);
  for (unsigned i = 0; i < count; ++i) text += static_cast<char>(i % 10);
  return text;
}

std::string signs(int count) {
  std::string text = "label";
  for (int i = 1; i <= 784; ++i) text += ",pixel" + std::to_string(i);
  for (int row = 0; row < count; ++row) {
    text += "\n" + std::to_string(row % 9);
    for (int i = 0; i < 784; ++i) text += "," + std::to_string((row + i) % 256);
  }
  return text + "\n";
}

/// A data folder with a few images made here.
struct generated_data : temporary_folder {
  generated_data() {
    std::filesystem::create_directory(path / "mnist");
    std::filesystem::create_directory(path / "asl");
    write(path / "mnist/train-images-idx3-ubyte", idx_images(20));
    write(path / "mnist/train-labels-idx1-ubyte.gz", gzip(idx_labels(20)));
    write(path / "mnist/t10k-images-idx3-ubyte.gz", gzip(idx_images(7)));
    write(path / "mnist/t10k-labels-idx1-ubyte", idx_labels(7));
    write(path / "asl/sign_mnist_train.csv.gz", gzip(signs(11)));
    write(path / "asl/sign_mnist_test.csv", signs(3));
  }
  std::string name(const char* file) const { return (path / file).string(); }
};

/// $LAMINA_DATA, or null: then the test of the real files says that it is skipped.
const char* real_data() {
  const char* const folder = std::getenv("LAMINA_DATA");
  if (!folder) MESSAGE("skipped: LAMINA_DATA is not set");
  return folder;
}

}  // namespace

TEST_CASE("the sets, plain and packed") {
  const generated_data folder;
  const auto digits = mnist::load(folder.path);
  CHECK(digits.train.size() == 20);
  CHECK(digits.test.size() == 7);
  CHECK(digits.test.image(1).pixels[0] == 784 % 251);
  CHECK(digits.labels.size() == 10);
  CHECK(digits.labels[7] == "7");
  const auto letters = asl::load(folder.path);
  CHECK(letters.train.size() == 11);
  CHECK(letters.test.size() == 3);
  CHECK(letters.test.classes == 24);
  CHECK(letters.labels[9] == "k");
}

TEST_CASE("a file that is missing") {
  const generated_data folder;
  std::filesystem::remove(folder / "mnist/t10k-images-idx3-ubyte.gz");
  CHECK(message_of([&] { mnist::load(folder.path); }) ==
        folder.name("mnist/t10k-images-idx3-ubyte") +
            ": expected this file or t10k-images-idx3-ubyte.gz, found neither; `lamina data fetch "
            "mnist` gets it");
  std::filesystem::remove(folder / "asl/sign_mnist_train.csv.gz");
  CHECK(message_of([&] {
          asl::load(folder.path);
        }).starts_with(folder.name("asl/sign_mnist_train.csv: expected this file or ")));
}

TEST_CASE("mistakes name the file as it was found") {
  const generated_data folder;
  const auto wrong = [&](const char* file, const std::string& content) {
    const auto old = read(folder / file);
    write(folder / file, content);
    const auto message = message_of([&] { mnist::load(folder.path), asl::load(folder.path); });
    write(folder / file, old);
    return message.starts_with(folder.name(file)) ? message.substr(folder.name(file).size())
                                                  : "another file: " + message;
  };
  CHECK(wrong("mnist/train-images-idx3-ubyte", "").ends_with("found an empty file"));
  CHECK(wrong("mnist/t10k-images-idx3-ubyte.gz", "").ends_with("found an empty file"));
  CHECK(wrong("mnist/t10k-images-idx3-ubyte.gz", gzip("")).ends_with("found an empty file"));
  CHECK(wrong("mnist/t10k-images-idx3-ubyte.gz", idx_images(7)) ==
        ": offset 2: expected a whole gzip stream, found incorrect header check");
  CHECK(wrong("mnist/t10k-images-idx3-ubyte.gz", gzip(idx_images(7)).substr(0, 40)) ==
        ": offset 40: expected a whole gzip stream, found the end of the file");
  CHECK(wrong("mnist/train-labels-idx1-ubyte.gz", gzip(idx_images(7)))
            .ends_with("(bytes in 1 dimension), found 0x00000803"));
  CHECK(wrong("mnist/train-labels-idx1-ubyte.gz", gzip(idx_labels(19)))
            .starts_with(": expected 20 labels, as many as images in "));
  CHECK(wrong("mnist/t10k-labels-idx1-ubyte", idx_labels(6) + '\x0a')
            .ends_with("expected 6 bytes as the header says, found 7"));
  CHECK(wrong("mnist/t10k-labels-idx1-ubyte", idx_labels(7).substr(0, 14) + '\x0a') ==
        ": offset 14: expected a label from 0 to 9, found 10");
  CHECK(wrong("asl/sign_mnist_test.csv", signs(3) + "9").starts_with(": line 5: expected a label"));
}

TEST_CASE("the real MNIST") {
  const char* const folder = real_data();
  if (!folder) return;
  const auto data = mnist::load(folder);
  CHECK(data.train.size() == 60'000);
  CHECK(data.test.size() == 10'000);
  CHECK(data.test.label(0) == 7);
  const auto& pixels = data.train.pixels;
  // The mean 0.1307 is the constant by which programs normalise these images.
  CHECK(std::accumulate(pixels.begin(), pixels.end(), 0.0) / 255 /
            static_cast<double>(pixels.size()) ==
        doctest::Approx(0.1307).epsilon(1e-3));
}

TEST_CASE("the real Sign Language MNIST") {
  const char* const folder = real_data();
  if (!folder) return;
  const auto data = asl::load(folder);
  CHECK(data.train.size() == 27'455);
  CHECK(data.test.size() == 7'172);
  std::map<int, int> count;
  for (std::size_t i = 0; i < data.test.size(); ++i) ++count[data.test.label(i)];
  CHECK(count.size() == 24);
  CHECK(data.labels[static_cast<std::size_t>(data.test.label(0))] == "g");
}
