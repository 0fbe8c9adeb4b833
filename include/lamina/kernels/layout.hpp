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

/// The rows of a block without null ones: another one stands in for those of dead lanes, which are
/// cleared at the end, so that no loop has to ask.
template <class From>
struct stand_ins {
  const From* const* rows;
  const From* at[lanes];  // null only where all are

  [[gnu::always_inline]] explicit stand_ins(const From* const* of) : rows{of} {
    const From* live = nullptr;
    for (int l = 0; l < lanes; ++l)
      if (rows[l] != nullptr) live = rows[l];
    for (int l = 0; l < lanes; ++l) at[l] = rows[l] == nullptr ? live : rows[l];
  }

  [[gnu::always_inline]] bool has_live() const { return at[0] != nullptr; }

  template <class T>
  [[gnu::always_inline]] void clear_dead(int pixels, T* x) const {
    for (int l = 0; l < lanes; ++l)
      for (int p = 0; rows[l] == nullptr && p < pixels; ++p) x[p * lanes + l] = T(0);
  }
};

/// gather_lanes for one channel of bytes and float: four pixels of a row are one word, of which
/// each pixel is cut out for all lanes at once.
template <class Arch>
void gather_rows(const stand_ins<std::uint8_t>& from, int pixels, float scale, float* x) {
  using words = batch<Arch, std::uint32_t>;
  using integers = batch<Arch, std::int32_t>;
  constexpr int w = width<Arch, std::uint32_t>, at_once = 4;
  const batch<Arch, float> factor(scale);
  alignas(64) std::uint32_t packed[lanes];
  // a count that is known makes the copy of a word one load
  const auto gather = [&](int p, auto count) __attribute__((always_inline)) {
    for (int l = 0; l < lanes; ++l) {
      packed[l] = 0;
      std::memcpy(&packed[l], from.at[l] + p, static_cast<std::size_t>(count));
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

/// Four floats side by side, and twice four, whose halves go through the same steps; not a batch,
/// whose functions for these widths alone would be shared by files for different processors.
using quad [[gnu::vector_size(16)]] = float;
using two_quads [[gnu::vector_size(32)]] = float;

[[gnu::always_inline]] inline quad load_quad(const float* p) {
  quad q;
  std::memcpy(&q, p, sizeof q);
  return q;
}

[[gnu::always_inline]] inline void store(float* p, const two_quads& q) {
  using anywhere [[gnu::vector_size(32), gnu::aligned(4), gnu::may_alias]] = float;
  *reinterpret_cast<anywhere*>(p) = q;
}

/// Four columns of eight rows, of which row k and row k + 4 lie in row[k], become rows of eight.
[[gnu::always_inline]] inline void turn(two_quads (&row)[4]) {
  const two_quads a = __builtin_shufflevector(row[0], row[2], 0, 8, 1, 9, 4, 12, 5, 13);
  const two_quads b = __builtin_shufflevector(row[1], row[3], 0, 8, 1, 9, 4, 12, 5, 13);
  const two_quads c = __builtin_shufflevector(row[0], row[2], 2, 10, 3, 11, 6, 14, 7, 15);
  const two_quads d = __builtin_shufflevector(row[1], row[3], 2, 10, 3, 11, 6, 14, 7, 15);
  row[0] = __builtin_shufflevector(a, b, 0, 8, 1, 9, 4, 12, 5, 13);
  row[1] = __builtin_shufflevector(a, b, 2, 10, 3, 11, 6, 14, 7, 15);
  row[2] = __builtin_shufflevector(c, d, 0, 8, 1, 9, 4, 12, 5, 13);
  row[3] = __builtin_shufflevector(c, d, 2, 10, 3, 11, 6, 14, 7, 15);
}

/// Loads four columns of eight rows and turns them.
template <class Row>
[[gnu::always_inline]] inline void load_turned(const Row& row, two_quads (&columns)[4]) {
  unroll<4>([&](int k) __attribute__((always_inline)) {
    columns[k] =
        __builtin_shufflevector(load_quad(row(k)), load_quad(row(k + 4)), 0, 1, 2, 3, 4, 5, 6, 7);
  });
  turn(columns);
}

/// gather_lanes for one channel of floats, four pixels of eight lanes at a time. A step asks for
/// the next lines of four rows, so each row's once in sixteen pixels, which are a line: sixteen
/// streams at once are more than a processor follows by itself.
template <class Arch>
void gather_rows(const stand_ins<float>& from, int pixels, float scale, float* x) {
  constexpr int ahead = 64;  // four lines
  const int whole = pixels / 4 * 4;
  for (int p = 0; p < whole; p += 4) {
    for (int k = 0; k < 4; ++k) __builtin_prefetch(from.at[p % lanes + k] + p + ahead);
    for (int l = 0; l < lanes; l += 8) {
      two_quads columns[4];
      load_turned([&](int k) { return from.at[l + k] + p; }, columns);
      unroll<4>([&](int k) __attribute__((always_inline)) {
        columns[k] *= scale;
        store(x + (p + k) * lanes + l, columns[k]);
      });
    }
  }
  for (int p = whole; p < pixels; ++p)
    for (int l = 0; l < lanes; ++l) x[p * lanes + l] = scale * from.at[l][p];
}

}  // namespace detail

/// Images of bytes or floats (y, x, channel), one a lane, become a block x (channel, y, x, lane) of
/// scale * value. A null row is a dead lane and becomes zeros.
template <class Arch = native, class From, class T>
void interleave(const From* const* rows, int pixels, int channels, std::type_identity_t<T> scale,
                T* x) {
  if constexpr (std::is_same_v<T, float>) {
    const detail::stand_ins from(rows);
    if (channels == 1 && from.has_live()) {
      detail::gather_rows<Arch>(from, pixels, scale, x);
      return from.clear_dead(pixels, x);
    }
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

/// Rows of a matrix, a multiple of eight, and its columns.
struct matrix_extents {
  int rows, columns;
};

/// `transpose` below, for extents that the compiler may see.
template <class Arch, class T>
[[gnu::noinline]] void transpose_of(const T* from, std::ptrdiff_t from_row, matrix_extents of,
                                    T* to, std::ptrdiff_t to_row) {
  for (int r = 0; r < of.rows; r += 8, from += 8 * from_row, to += 8) {
    int c = 0;
    if constexpr (std::is_same_v<T, float>) {
      for (; c + 4 <= of.columns; c += 4) {
        two_quads columns[4];
        load_turned([&](int k) { return from + k * from_row + c; }, columns);
        unroll<4>([&](int k)
                      __attribute__((always_inline)) { store(to + (c + k) * to_row, columns[k]); });
      }
    }
    for (; c < of.columns; ++c)
      for (int k = 0; k < 8; ++k) to[c * to_row + k] = from[k * from_row + c];
  }
}

/// to (column, row) = from (row, column); a row of either is so many elements apart from the next.
/// The compiler does not see the extents, for g++ would make a copy for each of them.
template <class Arch, class T>
[[gnu::always_inline]] inline void transpose(const T* from, std::ptrdiff_t from_row,
                                             matrix_extents of, T* to, std::ptrdiff_t to_row) {
  transpose_of<Arch>(from, opaque(from_row), {opaque(of.rows), opaque(of.columns)}, to,
                     opaque(to_row));
}

/// xt (lane, feature) = x (feature, lane) of 16 features: worth a copy of its own.
template <class Arch, class T>
[[gnu::always_inline]] inline void transpose_strip(const T* x, T* xt) {
  transpose_of<Arch>(x, lanes, {lanes, lanes}, xt, lanes);
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
