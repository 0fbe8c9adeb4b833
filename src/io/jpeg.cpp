// SPDX-License-Identifier: BSL-1.0
#include "decoders.hpp"

#include <algorithm>
#include <array>
#include <csetjmp>
#include <cstdio>
#include <string>

// jpeglib.h needs <cstdio> before it, jerror.h needs jpeglib.h.
#include <jpeglib.h>

#include <jerror.h>

namespace lamina::io {

namespace {

/// libjpeg reports a mistake by a call that must not return. It returns with longjmp to where no
/// object with a destructor was made in between.
struct decoder {
  jpeg_decompress_struct jpeg = {};
  jpeg_error_mgr errors = {};
  std::jmp_buf failed;
  std::array<char, JMSG_LENGTH_MAX> message = {};
  bool damaged = false;

  decoder() {
    jpeg.err = jpeg_std_error(&errors);
    jpeg.client_data = this;
    errors.error_exit = [](j_common_ptr common) {
      auto& self = *static_cast<decoder*>(common->client_data);
      common->err->format_message(common, self.message.data());
      std::longjmp(self.failed, 1);
    };
    // A warning of missing data: libjpeg would fill the rest of the picture with grey.
    errors.emit_message = [](j_common_ptr common, int level) {
      auto& self = *static_cast<decoder*>(common->client_data);
      const int code = common->err->msg_code;
      if (level >= 0 || self.damaged || (code != JWRN_JPEG_EOF && code != JWRN_HIT_MARKER)) return;
      common->err->format_message(common, self.message.data());
      self.damaged = true;
    };
  }
  decoder(const decoder&) = delete;
  decoder& operator=(const decoder&) = delete;
  ~decoder() { jpeg_destroy_decompress(&jpeg); }
};

bool read_header(decoder& source, std::span<const std::byte> bytes) {
  if (setjmp(source.failed)) return false;
  jpeg_create_decompress(&source.jpeg);
  jpeg_mem_src(&source.jpeg, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size());
  jpeg_save_markers(&source.jpeg, JPEG_APP0 + 1, 0xffff);
  jpeg_read_header(&source.jpeg, TRUE);
  const bool four_inks = source.jpeg.num_components == 4;
  source.jpeg.out_color_space = four_inks ? JCS_CMYK : JCS_RGB;
  return true;
}

int orientation_of(const jpeg_decompress_struct& jpeg) {
  constexpr std::string_view magic("Exif\0\0", 6);
  for (const auto* marker = jpeg.marker_list; marker; marker = marker->next) {
    const auto bytes = std::as_bytes(std::span(marker->data, marker->data_length));
    if (bytes.size() > magic.size() &&
        std::equal(magic.begin(), magic.end(), reinterpret_cast<const char*>(bytes.data())))
      return detail::exif_orientation(bytes.subspan(magic.size()));
  }
  return 1;
}

/// `row` holds a line of colours.
void copy_lines(jpeg_decompress_struct& jpeg, std::uint8_t* row, std::uint8_t* grey) {
  jpeg_start_decompress(&jpeg);
  const bool four_inks = jpeg.output_components == 4;
  while (jpeg.output_scanline < jpeg.output_height) {
    jpeg_read_scanlines(&jpeg, &row, 1);
    for (unsigned x = 0; x < jpeg.output_width; ++x) {
      // Adobe's four inks are stored inverted: 255 is none.
      const std::uint8_t* c = row + x * (four_inks ? 4 : 3);
      const int light = four_inks ? c[3] : 255;
      *grey++ = detail::luma(c[0] * light / 255, c[1] * light / 255, c[2] * light / 255);
    }
  }
  jpeg_finish_decompress(&jpeg);
}

bool read_lines(decoder& source, std::uint8_t* row, std::uint8_t* grey) {
  if (setjmp(source.failed)) return false;
  copy_lines(source.jpeg, row, grey);
  return true;
}

}  // namespace

picture detail::decode_jpeg(std::span<const std::byte> bytes, std::string_view name) {
  decoder source;
  const auto refuse = [&] {
    throw error(std::string(name) +
                ": expected a whole JPEG picture, found: " + source.message.data());
  };
  if (!read_header(source, bytes)) refuse();
  const auto width = source.jpeg.image_width, height = source.jpeg.image_height;
  expect_size(width, height, name);
  const int orientation = orientation_of(source.jpeg);  // forgotten when decoding has ended
  picture result{static_cast<int>(width), static_cast<int>(height),
                 std::vector<std::uint8_t>(std::size_t{width} * height)};
  std::vector<std::uint8_t> row(std::size_t{width} * 4);
  if (!read_lines(source, row.data(), result.pixels.data()) || source.damaged) refuse();
  return upright(std::move(result), orientation);
}

}  // namespace lamina::io
