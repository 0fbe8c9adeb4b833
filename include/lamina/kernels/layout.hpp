// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

namespace detail {

/// x[c][pixel][lane] = scale * rows[lane][pixel][c]; a null row gives zeros. A piece of x stays in
/// the first cache while its lanes are filled one after the other.
template <class Arch, class From, class T>
void gather_lanes(const From* const* rows, int pixels, int channels, T scale, T* x) {
  constexpr int piece = 64;
  for (int first = 0; first < pixels; first += piece)
    for (int c = 0; c < channels; ++c)
      for (int l = 0; l < lanes; ++l) {
        const From* row = rows[l];
        T* to = x + static_cast<std::ptrdiff_t>(c) * pixels * lanes + l;
        for (int p = first; p < std::min(pixels, first + piece); ++p)
          to[p * lanes] = row == nullptr ? T(0) : scale * static_cast<T>(row[p * channels + c]);
      }
}

/// The same for one channel of bytes and float: four pixels of a row are one word, from which each
/// pixel is cut for all lanes at once.
template <class Arch>
void gather_bytes(const std::uint8_t* const* rows, int pixels, float scale, float* x) {
  using words = batch<Arch, std::uint32_t>;
  using integers = batch<Arch, std::int32_t>;
  constexpr int w = width<Arch, std::uint32_t>, at_once = 4;
  static constexpr std::uint8_t nothing[at_once] = {};
  const batch<Arch, float> factor(scale);
  alignas(64) std::uint32_t packed[lanes];
  // a count that is known makes the copy of a word one load
  const auto gather = [&](int p, auto count) __attribute__((always_inline)) {
    for (int l = 0; l < lanes; ++l) {
      packed[l] = 0;
      std::memcpy(&packed[l], rows[l] == nullptr ? nothing : rows[l] + p,
                  static_cast<std::size_t>(count));
    }
    for (int k = 0; k < count; ++k)
      for (int l = 0; l < lanes; l += w) {
        const int shift = std::endian::native == std::endian::little ? 8 * k : 24 - 8 * k;
        const words bytes = (words::load_aligned(packed + l) >> shift) & words(255u);
        put<Arch>(x + (p + k) * lanes + l,
                  xsimd::to_float(xsimd::bitwise_cast<integers>(bytes)) * factor);
      }
  };
  int p = 0;
  for (; p + at_once <= pixels; p += at_once) gather(p, std::integral_constant<int, at_once>{});
  if (p < pixels) gather(p, pixels - p);
}

/// Four floats side by side; not a batch, whose functions for this width alone would be shared by
/// files for different processors.
using quad [[gnu::vector_size(16)]] = float;

[[gnu::always_inline]] inline quad load_quad(const float* p) {
  quad q;
  std::memcpy(&q, p, sizeof q);
  return q;
}

/// Calls put(k, column k) for the columns of four rows.
template <class Put>
[[gnu::always_inline]] inline void turn(const quad (&row)[4], Put&& put) {
  const quad a = __builtin_shufflevector(row[0], row[2], 0, 4, 1, 5);
  const quad b = __builtin_shufflevector(row[1], row[3], 0, 4, 1, 5);
  const quad c = __builtin_shufflevector(row[0], row[2], 2, 6, 3, 7);
  const quad d = __builtin_shufflevector(row[1], row[3], 2, 6, 3, 7);
  put(0, __builtin_shufflevector(a, b, 0, 4, 1, 5));
  put(1, __builtin_shufflevector(a, b, 2, 6, 3, 7));
  put(2, __builtin_shufflevector(c, d, 0, 4, 1, 5));
  put(3, __builtin_shufflevector(c, d, 2, 6, 3, 7));
}

/// gather_lanes for one channel of floats, four pixels of four lanes at a time.
template <class Arch>
void gather_floats(const float* const* rows, int pixels, float scale, float* x) {
  static constexpr float nothing[4] = {};
  const int whole = pixels / 4 * 4;
  for (int p = 0; p < whole; p += 4)
    for (int l = 0; l < lanes; l += 4) {
      quad row[4];
      for (int k = 0; k < 4; ++k)
        row[k] = load_quad(rows[l + k] == nullptr ? nothing : rows[l + k] + p);
      turn(
          row, [&](int k, quad column) __attribute__((always_inline)) {
            column *= scale;
            std::memcpy(x + (p + k) * lanes + l, &column, sizeof column);
          });
    }
  for (int p = whole; p < pixels; ++p)
    for (int l = 0; l < lanes; ++l)
      x[p * lanes + l] = rows[l] == nullptr ? 0.0F : scale * rows[l][p];
}

}  // namespace detail

/// Images of bytes (y, x, channel), one a lane, become a block x (channel, y, x, lane) of
/// scale * byte. A null row is a dead lane and becomes zeros.
template <class Arch = native, class T>
void interleave(const std::uint8_t* const* rows, int pixels, int channels,
                std::type_identity_t<T> scale, T* x) {
  if constexpr (std::is_same_v<T, float>) {
    if (channels == 1) return detail::gather_bytes<Arch>(rows, pixels, scale, x);
  }
  detail::gather_lanes<Arch>(rows, pixels, channels, scale, x);
}

/// The same from images of floats.
template <class Arch = native, class T>
void interleave(const float* const* rows, int pixels, int channels, std::type_identity_t<T> scale,
                T* x) {
  if constexpr (std::is_same_v<T, float>) {
    if (channels == 1) return detail::gather_floats<Arch>(rows, pixels, scale, x);
  }
  detail::gather_lanes<Arch>(rows, pixels, channels, scale, x);
}

/// rows[lane][feature] = x[feature][lane] for the first `live` lanes.
template <class Arch = native, class T>
void deinterleave(int n, const T* x, T* const* rows, int live) {
  for (int l = 0; l < live; ++l)
    for (int i = 0; i < n; ++i) rows[l][i] = x[i * lanes + l];
}

/// Elements of a transposed block of n features: whole strips of 16.
constexpr std::ptrdiff_t transposed_size(int n) {
  return std::ptrdiff_t{(n + lanes - 1) / lanes} * lanes * lanes;
}

namespace detail {

/// xt (lane, feature) = x (feature, lane) of 16 features.
template <class Arch, class T>
[[gnu::noinline]] void transpose_strip(const T* x, T* xt) {
  if constexpr (std::is_same_v<T, float>) {
    for (int i = 0; i < lanes; i += 4)
      for (int l = 0; l < lanes; l += 4) {
        quad from[4];
        for (int k = 0; k < 4; ++k) from[k] = load_quad(x + (i + k) * lanes + l);
        turn(
            from, [&](int k, quad to) __attribute__((always_inline)) {
              std::memcpy(xt + (l + k) * lanes + i, &to, sizeof to);
            });
      }
  } else {
    for (int i = 0; i < lanes; ++i)
      for (int l = 0; l < lanes; ++l) xt[l * lanes + i] = x[i * lanes + l];
  }
}

}  // namespace detail

/// xt (strip of 16 features, lane, feature) = x (feature, lane) of one block: the right factor of a
/// dense layer's weight gradient. Features that the last strip lacks become zeros.
template <class Arch = native, class T>
void transpose_block(int n, const T* x, T* xt) {
  constexpr int strip = lanes * lanes;
  const int whole = n / lanes, rest = n % lanes;
  for (int i = 0; i < whole; ++i) detail::transpose_strip<Arch>(x + i * strip, xt + i * strip);
  if (rest == 0) return;
  T padded[strip] = {};
  std::copy_n(x + whole * strip, rest * lanes, padded);
  detail::transpose_strip<Arch, T>(padded, xt + whole * strip);
}

}  // namespace lamina::kernels
