// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/pictures.hpp>

#include "temporary_folder.hpp"
#include "test_bytes.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <cstdlib>

#include <jpeglib.h>
#include <png.h>
#include <zlib.h>

using namespace lamina::io;

namespace {

/// `channels` bytes a pixel: grey, grey and alpha, RGB, RGBA.
std::string png(unsigned width, unsigned height, std::size_t channels, const std::string& pixels) {
  constexpr png_uint_32 formats[] = {PNG_FORMAT_GRAY, PNG_FORMAT_GA, PNG_FORMAT_RGB,
                                     PNG_FORMAT_RGBA};
  png_image image = {};
  image.version = PNG_IMAGE_VERSION;
  image.width = width;
  image.height = height;
  image.format = formats[channels - 1];
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  REQUIRE(png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels.data(), 0, nullptr));
  return bytes.substr(0, size);
}

std::string jpeg(unsigned width, unsigned height, int channels, J_COLOR_SPACE space,
                 const std::string& pixels) {
  jpeg_compress_struct writer = {};
  jpeg_error_mgr errors = {};
  writer.err = jpeg_std_error(&errors);
  jpeg_create_compress(&writer);
  unsigned char* memory = nullptr;
  unsigned long size = 0;
  jpeg_mem_dest(&writer, &memory, &size);
  writer.image_width = width;
  writer.image_height = height;
  writer.input_components = channels;
  writer.in_color_space = space;
  jpeg_set_defaults(&writer);
  jpeg_set_quality(&writer, 100, TRUE);
  jpeg_start_compress(&writer, TRUE);
  for (unsigned y = 0; y < height; ++y) {
    auto* row = const_cast<JSAMPLE*>(reinterpret_cast<const JSAMPLE*>(pixels.data())) +
                y * width * static_cast<unsigned>(channels);
    jpeg_write_scanlines(&writer, &row, 1);
  }
  jpeg_finish_compress(&writer);
  std::string bytes(reinterpret_cast<const char*>(memory), size);
  jpeg_destroy_compress(&writer);
  std::free(memory);
  return bytes;
}

std::string repeated(std::size_t count, const std::string& pixel) {
  std::string pixels;
  for (std::size_t i = 0; i < count; ++i) pixels += pixel;
  return pixels;
}

picture decode(const std::string& bytes) { return decode_picture(bytes_of(bytes), "x"); }

using pixels = std::vector<std::uint8_t>;

}  // namespace

TEST_CASE("PNG of grey, of colours, with transparency") {
  const auto grey = decode(png(3, 2, 1, {"\x00\x01\x02\x7f\xfe\xff", 6}));
  CHECK(grey.width == 3);
  CHECK(grey.height == 2);
  CHECK(grey.pixels == pixels{0, 1, 2, 127, 254, 255});
  // 0.299, 0.587 and 0.114 of 255.
  CHECK(decode(png(3, 1, 3, {"\xff\x00\x00\x00\xff\x00\x00\x00\xff", 9})).pixels ==
        pixels{76, 150, 29});
  CHECK(decode(png(2, 1, 4, {"\x40\x40\x40\xff\x40\x40\x40\x00", 8})).pixels == pixels{64, 255});
  CHECK(decode(png(2, 1, 2, {"\x40\xff\x40\x00", 4})).pixels == pixels{64, 255});
}

TEST_CASE("JPEG of grey, of colours, of four inks") {
  const auto grey = decode(jpeg(5, 3, 1, JCS_GRAYSCALE, std::string(15, '\x64')));
  CHECK(grey.width == 5);
  CHECK(grey.height == 3);
  CHECK(grey.pixels == pixels(15, 100));
  const auto red = decode(jpeg(8, 8, 3, JCS_RGB, repeated(64, {"\xff\x00\x00", 3})));
  CHECK(int{red.pixels[20]} == doctest::Approx(76).epsilon(0.03));
  const auto inks = decode(jpeg(8, 8, 4, JCS_CMYK, repeated(64, "\xff\xff\xff\x64")));
  CHECK(int{inks.pixels[20]} == doctest::Approx(100).epsilon(0.03));
}

TEST_CASE("what is no picture") {
  CHECK(message_of([] { decode(""); }) == "x: expected a PNG or JPEG picture, found an empty file");
  CHECK(message_of([] { decode("GIF89a"); }) ==
        "x: expected a PNG or JPEG picture, found the bytes 47 49 46 38");
  CHECK(message_of([] { decode("\x89PNG\r\n"); }).starts_with("x: expected a whole PNG picture"));
  CHECK(message_of([] { decode("\xff\xd8\xff"); }).starts_with("x: expected a whole JPEG picture"));
}

TEST_CASE("pictures that are not whole") {
  std::string noise;
  for (unsigned i = 0; i < 40 * 40; ++i) noise += static_cast<char>(i * i * 31 >> 4);
  const auto whole_png = png(40, 40, 1, noise);
  const auto whole_jpeg = jpeg(40, 40, 1, JCS_GRAYSCALE, noise);
  // Behind the pixels a PNG has a chunk of 12 bytes and a JPEG a mark of 2.
  for (std::size_t n = 0; n + 12 < whole_png.size(); n += 7)
    CHECK_THROWS_AS(decode(whole_png.substr(0, n)), lamina::error);
  for (std::size_t n = 0; n + 4 < whole_jpeg.size(); n += 7)
    CHECK_THROWS_AS(decode(whole_jpeg.substr(0, n)), lamina::error);
  auto damaged = whole_png;
  damaged[damaged.size() / 2] = static_cast<char>(damaged[damaged.size() / 2] ^ 0x55);
  CHECK(
      message_of([&] { decode(damaged); }).starts_with("x: expected a whole PNG picture, found:"));
}

TEST_CASE("a header that promises more than memory holds") {
  auto huge = png(2, 2, 1, {"\0\0\0\0", 4});
  huge.replace(16, 8, {"\x7f\xff\xff\xff\x7f\xff\xff\xff", 8});
  CHECK_THROWS_AS(decode(huge), lamina::error);
  auto square = png(2, 2, 1, {"\0\0\0\0", 4});
  square.replace(16, 8, {"\0\x01\x86\xa0\0\x01\x86\xa0", 8});
  const auto checked =
      static_cast<std::uint32_t>(crc32(0, reinterpret_cast<const Bytef*>(square.data() + 12), 17));
  for (std::size_t i = 0; i < 4; ++i)
    square[29 + i] = static_cast<char>(checked >> (24 - 8 * i) & 255);
  CHECK(message_of([&] { decode(square); }) ==
        "x: expected a picture of 1 to 100000000 pixels, found 100000 x 100000");
  auto large = jpeg(8, 8, 1, JCS_GRAYSCALE, std::string(64, '\0'));
  const auto frame = large.find("\xff\xc0");
  large.replace(frame + 5, 4, "\xfe\xfe\xfe\xfe");
  CHECK(message_of([&] { decode(large); }) ==
        "x: expected a picture of 1 to 100000000 pixels, found 65278 x 65278");
}

TEST_CASE("what a camera's EXIF says about the upright picture, in both formats") {
  // 3 x 2, dark but for the upper left: where it is in the upright picture, as Pillow has it.
  const auto grey = png(3, 2, 1, {"\xff\x80\x10\x10\x10\x10", 6});
  const auto with_chunk = [&](const std::string& exif) {
    const std::string length{"\0\0\0", 3};
    auto all = grey;
    return all.insert(33, length + static_cast<char>(exif.size()) + "eXIf" + exif + "none");
  };
  const auto tiff = [](char orientation, bool big_endian) {
    return big_endian ? std::string("MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0", 19) +
                            orientation + std::string("\0\0", 2)
                      : std::string("II\x2a\0\x08\0\0\0\x01\0\x12\x01\x03\0\x01\0\0\0", 18) +
                            orientation + std::string("\0\0\0", 3);
  };
  const std::size_t corners[] = {0, 2, 5, 3, 0, 1, 5, 4};  // of orientation 1 to 8
  for (const bool big_endian : {false, true})
    for (char orientation = 1; orientation <= 8; ++orientation) {
      CAPTURE(int{orientation});
      const auto turned = decode(with_chunk(tiff(orientation, big_endian)));
      CHECK(turned.width == (orientation < 5 ? 3 : 2));
      CHECK(turned.pixels[corners[orientation - 1]] == 255);
    }
  CHECK(decode(with_chunk("MM")).pixels == decode(grey).pixels);
  CHECK(decode(with_chunk(tiff(9, true))).pixels == decode(grey).pixels);
  auto photo =
      jpeg(16, 8, 1, JCS_GRAYSCALE, repeated(8, std::string(8, '\xff') + std::string(8, '\0')));
  const auto exif = std::string("Exif\0\0", 6) + tiff(6, false);
  photo.insert(2, std::string("\xff\xe1\0", 3) + static_cast<char>(exif.size() + 2) + exif);
  const auto upright = decode(photo);  // turned clockwise: the left half is on top
  CHECK(upright.width == 8);
  CHECK(upright.height == 16);
  CHECK(int{upright.pixels[0]} > 240);
  CHECK(int{upright.pixels[127]} < 15);
}

TEST_CASE("resizing takes the mean of the covered area") {
  CHECK(resize({4, 2, {0, 2, 10, 20, 4, 6, 30, 40}}, 2, 1).pixels == pixels{3, 25});
  CHECK(resize({3, 1, {0, 90, 180}}, 2, 1).pixels == pixels{30, 150});
  CHECK(resize({1, 1, {7}}, 3, 2).pixels == pixels(6, 7));
  CHECK(resize({2, 1, {0, 100}}, 3, 1).pixels == pixels{0, 50, 100});
  const auto constant = resize({101, 77, pixels(101 * 77, 200)}, 28, 28);
  CHECK(constant.width == 28);
  CHECK(constant.height == 28);
  CHECK(constant.pixels == pixels(784, 200));
  const picture same{2, 1, {3, 9}};
  CHECK(resize(same, 2, 1).pixels == same.pixels);
}

TEST_CASE("a PNG that was written is read again") {
  const temporary_folder folder;
  const picture source{3, 2, {0, 50, 100, 150, 200, 255}};
  write_png(folder / "a.png", source);
  const auto again = read_picture(folder / "a.png");
  CHECK(again.width == 3);
  CHECK(again.pixels == source.pixels);
  CHECK(message_of([&] {
          write_png(folder / "none" / "a.png", source);
        }).ends_with("a.png: cannot write: No such file or directory"));
  CHECK(message_of([&] { read_picture(folder / "b.png"); }) ==
        (folder / "b.png").string() + ": cannot open: No such file or directory");
}
