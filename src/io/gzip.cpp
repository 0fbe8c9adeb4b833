// SPDX-License-Identifier: BSL-1.0
#include <lamina/error.hpp>
#include <lamina/io/files.hpp>

#include <libdeflate.h>
#include <zlib.h>

#include <algorithm>
#include <limits>
#include <memory>
#include <new>
#include <optional>
#include <string>

namespace lamina::io {

namespace {

/// zlib's decoder for gzip streams; ends itself.
struct inflater {
  z_stream stream = {};
  inflater() {
    constexpr int gzip_only = 16;
    if (inflateInit2(&stream, MAX_WBITS + gzip_only) != Z_OK) throw error("zlib: out of memory");
  }
  inflater(const inflater&) = delete;
  inflater& operator=(const inflater&) = delete;
  ~inflater() { inflateEnd(&stream); }
};

[[noreturn]] void refuse(std::string_view name, std::size_t offset, const std::string& found) {
  throw error(std::string(name) + ": offset " + std::to_string(offset) +
              ": expected a whole gzip stream, found " + found);
}

/// The size that the last four bytes tell, where it can be true (deflate packs at most 1032 to 1)
/// and no more is unpacked than the limit.
std::optional<std::size_t> told_size(std::string_view packed, std::size_t limit) {
  if (packed.size() < 18) return {};
  std::size_t told = 0;
  for (std::size_t i = 1; i <= 4; ++i)
    told = told << 8 | static_cast<unsigned char>(packed[packed.size() - i]);
  if (told > limit || told / 1032 > packed.size()) return {};
  return told;
}

/// A whole stream of one member, which is what files are, in a third of zlib's time; nothing where
/// it is anything else or damaged.
std::optional<std::string> gunzip_at_once(std::string_view packed, std::size_t limit) {
  const auto size = told_size(packed, limit);
  if (!size) return {};
  const std::unique_ptr<libdeflate_decompressor, decltype(&libdeflate_free_decompressor)> decoder(
      libdeflate_alloc_decompressor(), libdeflate_free_decompressor);
  if (!decoder) throw std::bad_alloc();
  std::string bytes(*size, '\0');
  std::size_t in = 0;
  const auto status = libdeflate_gzip_decompress_ex(decoder.get(), packed.data(), packed.size(),
                                                    bytes.data(), *size, &in, nullptr);
  if (status != LIBDEFLATE_SUCCESS || in != packed.size()) return {};
  return bytes;
}

unsigned available(std::size_t bytes) {
  return static_cast<unsigned>(
      std::min<std::size_t>(bytes, std::numeric_limits<unsigned>::max() / 2));
}

}  // namespace

std::string gunzip(std::string_view packed, std::string_view name, std::size_t limit) {
  if (packed.empty()) refuse(name, 0, "an empty file");
  if (auto bytes = gunzip_at_once(packed, limit)) return *std::move(bytes);
  // of several members, or damaged: zlib tells where
  inflater decoder;
  auto& stream = decoder.stream;
  std::string bytes(1 << 10, '\0');
  std::size_t in = 0, out = 0;
  for (bool done = false; !done;) {
    if (out == bytes.size()) bytes.resize(2 * bytes.size() + 1024);
    // zlib's interface has no const for what it only reads.
    stream.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(packed.data() + in));
    stream.avail_in = available(packed.size() - in);
    stream.next_out = reinterpret_cast<Bytef*>(bytes.data() + out);
    stream.avail_out = available(bytes.size() - out);
    const int status = inflate(&stream, Z_NO_FLUSH);
    in = static_cast<std::size_t>(reinterpret_cast<char*>(stream.next_in) - packed.data());
    out = static_cast<std::size_t>(reinterpret_cast<char*>(stream.next_out) - bytes.data());
    if (out > limit)
      throw error(std::string(name) + ": expected at most " + std::to_string(limit) +
                  " unpacked bytes, found more");
    if (status == Z_STREAM_END) {
      done = in == packed.size();
      if (!done) inflateReset(&stream);
    } else if (status == Z_BUF_ERROR && in == packed.size()) {
      refuse(name, in, "the end of the file");
    } else if (status != Z_OK && status != Z_BUF_ERROR) {
      refuse(name, in, stream.msg ? stream.msg : "corrupt data");
    } else if (in == packed.size() && stream.avail_out != 0) {
      refuse(name, in, "the end of the file");
    }
  }
  bytes.resize(out);
  return bytes;
}

}  // namespace lamina::io
