// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/picture_folder.hpp>

#include <lamina/io/pictures.hpp>
#include <lamina/preprocess/policy.hpp>

#include "temporary_folder.hpp"
#include "test_bytes.hpp"

#include <doctest/doctest.h>

#include <fstream>

using namespace lamina;
using namespace lamina::io;

namespace {

const std::vector<std::string> labels{"a", "b", "c"};
using policy = preprocessing<grey, crop_to_square, resize_to<2, 2>>;

void draw(const std::filesystem::path& path, std::uint8_t grey) {
  std::filesystem::create_directories(path.parent_path());
  write_png(path, {4, 2, std::vector<std::uint8_t>(8, grey)});
}

}  // namespace

TEST_CASE("pictures by class, for training and for the test") {
  const temporary_folder folder;
  draw(folder / "train/b/2.png", 20);
  draw(folder / "train/b/deeper/1.PNG", 30);
  draw(folder / "train/a/9.png", 10);
  draw(folder / "test/c/1.png", 40);
  draw(folder / "train/.cache/1.png", 99);
  std::ofstream(folder / "train/a/notes.txt") << "no picture";
  CHECK(has_pictures_by_class(folder / "", labels));
  CHECK(!has_pictures_by_class(folder / "", {"x"}));
  const auto data = load_pictures_by_class(folder / "", labels, policy::plan);
  CHECK(data.labels == labels);
  CHECK(data.train.labels == std::vector<std::uint8_t>{0, 1, 1});
  CHECK(data.train.pixels ==
        std::vector<std::uint8_t>{10, 10, 10, 10, 20, 20, 20, 20, 30, 30, 30, 30});
  CHECK(data.test.labels == std::vector<std::uint8_t>{2});
  CHECK(data.train.height == 2);
  CHECK(data.train.classes == 3);
}

TEST_CASE("without train and test all pictures are both") {
  const temporary_folder folder;
  draw(folder / "b/1.png", 20);
  const auto data = load_pictures_by_class(folder / "", labels, policy::plan);
  CHECK(data.train.size() == 1);
  CHECK(data.test.pixels == data.train.pixels);
}

TEST_CASE("folders that are no class, pictures that are none, no pictures") {
  const temporary_folder folder;
  draw(folder / "b/1.png", 20);
  draw(folder / "zz/1.png", 20);
  const auto load = [&] { load_pictures_by_class(folder / "", labels, policy::plan); };
  CHECK(message_of(load) ==
        (folder / "zz").string() +
            ": expected a folder named as one of the classes a, b, c, found zz");
  std::filesystem::remove_all(folder / "zz");
  std::ofstream(folder / "b/2.png") << "text";
  CHECK(message_of(load).ends_with(
      "2.png: expected a PNG or JPEG picture, found the bytes 74 65 78 74"));
  std::filesystem::remove_all(folder / "b");
  std::filesystem::create_directory(folder / "b");
  CHECK(message_of(load).ends_with(
      "expected PNG or JPEG pictures in folders of the classes, found none"));
}
