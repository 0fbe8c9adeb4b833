// SPDX-License-Identifier: BSL-1.0
#include <lamina/serialize/weights.hpp>
//
#include "io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <string>
#include <vector>

#include "train/values_of.hpp"

namespace {

using namespace lamina;
using test::values_of;
namespace fs = std::filesystem;

using small = network<input<4, 4, 2>, conv2d<3, window<3, 3>, same>, relu, batch_norm<>, flatten,
                      dense<5>, relu, dropout<0.25>, residual<dense<5>, relu>, dense<4>, softmax>;
using wider = network<input<4, 4, 2>, conv2d<3, window<3, 3>, same>, relu, batch_norm<>, flatten,
                      dense<6>, relu, residual<dense<6>, relu>, dense<4>, softmax>;

/// A path in a folder of its own, which goes with its test.
struct place {
  temporary_folder folder;
  fs::path file = folder / "model.safetensors";
};

/// A trainer after some steps, so that its moving statistics are no longer what they began as.
trainer<small> trained() {
  trainer<small> network{{.seed = 3}};
  std::vector<float> images(20 * 32);
  std::vector<std::uint8_t> labels(20);
  for (std::size_t i = 0; i < images.size(); ++i)
    images[i] = static_cast<float>(uniform(random_bits(1, 2, i)));
  for (std::size_t i = 0; i < labels.size(); ++i) labels[i] = i % 4;
  network.fit(examples::of(images, 32, labels), {.epochs = 2, .batch = 7});
  return network;
}

}  // namespace

TEST_CASE("weights and moving statistics survive a file, bit by bit") {
  const place here;
  auto network = trained();
  save(network, here.file, {{"labels", "a\nb\nc\nd"}});
  trainer<small> again{{.seed = 9}};
  const file_metadata metadata = load(again, here.file);
  CHECK(metadata.at("labels") == "a\nb\nc\nd");
  CHECK(metadata.at("architecture") == to_text(describe<small>()));
  CHECK(values_of(again) == values_of(network));
  classifier<small> fixed;
  load(fixed, here.file);
  CHECK(values_of(fixed) == values_of(network));
  std::vector<float> image(32, 0.5f);
  const auto answer = fixed.predict(image), expected = network.classifier().predict(image);
  CHECK(std::memcmp(&answer, &expected, sizeof answer) == 0);
}

TEST_CASE("a file is a pure function of weights and metadata") {
  const place here;
  auto network = trained();
  save(network, here.file);
  const std::string bytes = read_file(here.file);
  save(network.classifier(), here.file);
  CHECK(read_file(here.file) == bytes);
  auto again = trained();
  save(again, here.file);
  CHECK(read_file(here.file) == bytes);
}

TEST_CASE("tensors have PyTorch's names and shapes") {
  const place here;
  auto network = trained();
  save(network, here.file);
  const safetensors_file file = safetensors_file::read(here.file);
  const auto shape_of = [&](const char* name) {
    const auto* found = file.find(name);
    return found ? shape_text(found->shape) : "none";
  };
  CHECK(shape_of("1.weight") == "(3, 2, 3, 3)");
  CHECK(shape_of("1.bias") == "(3)");
  for (const char* name : {"3.weight", "3.bias", "3.running_mean", "3.running_var"})
    CHECK(shape_of(name) == "(3)");
  CHECK(shape_of("5.weight") == "(5, 48)");
  CHECK(shape_of("8.1.weight") == "(5, 5)");
  CHECK(shape_of("9.weight") == "(4, 5)");
  CHECK(file.entries().size() == 12);
}

TEST_CASE("another network's file is refused, and the weights stay as they were") {
  const place here;
  auto network = trained();
  save(network, here.file);
  trainer<wider> other{{.seed = 1}};
  const std::vector<float> before = values_of(other);
  std::string said;
  try {
    load(other, here.file);
  } catch (const error& refused) {
    said = refused.what();
  }
  CHECK(said.starts_with(here.file.string() +
                         ": expected the weights of this network (+), found "
                         "another's (-): = 5 layers; - layer 5 dense<5> -> 5"));
  CHECK(said.find("- layer 7 dropout<0.25> -> 5") != said.npos);
  CHECK(said.find("+ layer 5 dense<6> -> 6") != said.npos);
  CHECK(values_of(other) == before);
}

TEST_CASE("a truncated file changes nothing, a failed save neither") {
  const place here;
  auto network = trained();
  save(network, here.file);
  const std::string bytes = read_file(here.file);
  const std::vector<float> before = values_of(network);
  for (const auto size : std::vector<std::size_t>{0, 7, 100, bytes.size() - 1}) {
    write_file_atomically(here.file, bytes.substr(0, size));
    CHECK_THROWS_AS(load(network, here.file), error);
  }
  CHECK_THROWS_AS(load(network, here.folder / "none"), error);
  CHECK_THROWS_AS(save(network, here.folder / "none" / "file"), error);
  CHECK(values_of(network) == before);
}
