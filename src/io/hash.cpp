// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/hash.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace lamina::io {

namespace {

constexpr std::size_t chunk = 64;  // bytes that a round of either hash takes

/// Calls `round` for each 64 bytes, then for the end: a bit 1, zeros, the length in bits as eight
/// bytes in this byte order.
template <class Round>
void each_chunk(std::span<const std::byte> bytes, std::endian order, Round round) {
  const std::uint64_t bits = std::uint64_t{bytes.size()} * 8;
  for (; bytes.size() >= chunk; bytes = bytes.subspan(chunk)) round(bytes.data());
  std::array<std::byte, 2 * chunk> tail{};
  if (!bytes.empty()) std::memcpy(tail.data(), bytes.data(), bytes.size());
  tail[bytes.size()] = std::byte{0x80};
  const std::size_t size = bytes.size() + 9 <= chunk ? chunk : 2 * chunk;
  for (std::size_t i = 0; i < 8; ++i)
    tail[size - 8 + i] = std::byte(bits >> (8 * (order == std::endian::little ? i : 7 - i)) & 255);
  for (std::size_t at = 0; at < size; at += chunk) round(tail.data() + at);
}

std::uint32_t word(const std::byte* bytes, std::endian order) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i)
    value |= std::to_integer<std::uint32_t>(bytes[i])
             << (8 * (order == std::endian::little ? i : 3 - i));
  return value;
}

template <std::size_t N>
std::string digits(const std::array<std::uint32_t, N>& state, std::endian order) {
  std::string text;
  for (const auto value : state)
    for (std::size_t i = 0; i < 4; ++i) {
      const auto byte = value >> (8 * (order == std::endian::little ? i : 3 - i)) & 255;
      text += "0123456789abcdef"[byte >> 4];
      text += "0123456789abcdef"[byte & 15];
    }
  return text;
}

/// MD5's table: floor(2^32 |sin(i + 1)|), RFC 1321 section 3.4.
std::array<std::uint32_t, 64> sines() {
  std::array<std::uint32_t, 64> table{};
  for (std::size_t i = 0; i < 64; ++i)
    table[i] = static_cast<std::uint32_t>(
        std::floor(std::ldexp(std::abs(std::sin(static_cast<double>(i + 1))), 32)));
  return table;
}

/// SHA-256's constants, FIPS 180-4 section 4.2.2.
constexpr std::array<std::uint32_t, 64> sha256_constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

void sha256_round(std::array<std::uint32_t, 8>& state, const std::byte* bytes) {
  std::array<std::uint32_t, 64> w{};
  for (std::size_t i = 0; i < 16; ++i) w[i] = word(bytes + 4 * i, std::endian::big);
  for (std::size_t i = 16; i < 64; ++i) {
    const auto a = w[i - 15], b = w[i - 2];
    w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ a >> 3) + w[i - 7] +
           (std::rotr(b, 17) ^ std::rotr(b, 19) ^ b >> 10);
  }
  auto [a, b, c, d, e, f, g, h] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    const auto first = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                       ((e & f) ^ (~e & g)) + sha256_constants[i] + w[i];
    const auto second =
        (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
    h = g, g = f, f = e, e = d + first;
    d = c, c = b, b = a, a = first + second;
  }
  const std::array<std::uint32_t, 8> added{a, b, c, d, e, f, g, h};
  for (std::size_t i = 0; i < 8; ++i) state[i] += added[i];
}

void md5_round(std::array<std::uint32_t, 4>& state, const std::array<std::uint32_t, 64>& table,
               const std::byte* bytes) {
  constexpr int shifts[4][4] = {{7, 12, 17, 22}, {5, 9, 14, 20}, {4, 11, 16, 23}, {6, 10, 15, 21}};
  auto [a, b, c, d] = state;
  for (std::size_t i = 0; i < 64; ++i) {
    std::uint32_t f = 0;
    std::size_t g = 0;
    switch (i / 16) {
      case 0:
        f = (b & c) | (~b & d), g = i;
        break;
      case 1:
        f = (d & b) | (~d & c), g = (5 * i + 1) % 16;
        break;
      case 2:
        f = b ^ c ^ d, g = (3 * i + 5) % 16;
        break;
      default:
        f = c ^ (b | ~d), g = 7 * i % 16;
    }
    f += a + table[i] + word(bytes + 4 * g, std::endian::little);
    a = d, d = c, c = b;
    b += std::rotl(f, shifts[i / 16][i % 4]);
  }
  const std::array<std::uint32_t, 4> added{a, b, c, d};
  for (std::size_t i = 0; i < 4; ++i) state[i] += added[i];
}

}  // namespace

std::string md5(std::span<const std::byte> bytes) {
  static const auto table = sines();
  std::array<std::uint32_t, 4> state{0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476};
  each_chunk(bytes, std::endian::little,
             [&](const std::byte* data) { md5_round(state, table, data); });
  return digits(state, std::endian::little);
}

std::string sha256(std::span<const std::byte> bytes) {
  std::array<std::uint32_t, 8> state{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                     0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
  each_chunk(bytes, std::endian::big, [&](const std::byte* data) { sha256_round(state, data); });
  return digits(state, std::endian::big);
}

}  // namespace lamina::io
