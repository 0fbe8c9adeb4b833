// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/layout.hpp"
#include "lamina/kernels/winograd_pack.hpp"

namespace lamina::kernels::detail {

/// The sum of two rows of an image (channel, column, lane), first + sign * second, or sign * second
/// where there is no first one; zeros where there is none.
template <class T>
struct winograd_rows_of {
  const T *first, *second;
  T sign;
  int width;             // columns
  std::ptrdiff_t plane;  // from one channel to the next
  int channels;

  /// Of what may lie outside of the image, null there.
  [[gnu::always_inline]] static winograd_rows_of sum(const T* above, const T* below, T sign,
                                                     int width, std::ptrdiff_t plane,
                                                     int channels) {
    if (below == nullptr) return {nullptr, above, T(1), width, plane, channels};
    return {above, below, sign, width, plane, channels};
  }
};

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

/// to (lane, channel) = values(element of the rows) of four channels, the first `live` of them.
template <class T, class Live, class Values>
[[gnu::always_inline]] inline void winograd_turn(std::ptrdiff_t from, std::ptrdiff_t plane,
                                                 Live live, int width, T* to, Values values) {
  if constexpr (std::is_same_v<T, float>) {
    const auto load_four = [](const T* p) { return load_quad(p); };
    for (int l = 0; l < lanes; l += 4) {
      quad rows[4] = {};
      for (int i = 0; i < live; ++i) rows[i] = values(load_four, from + i * plane + l);
      turn(
          rows, [&](int i, quad turned) __attribute__((always_inline)) {
            std::memcpy(to + (l + i) * width, &turned, sizeof turned);
          });
    }
  } else {
    const auto load_one = [](const T* p) { return *p; };
    for (int l = 0; l < lanes; ++l)
      for (int i = 0; i < 4; ++i)
        to[l * width + i] = i < live ? values(load_one, from + i * plane + l) : T(0);
  }
}

/// to (column, lane, channel) = the rows, the columns from `first` on; columns that the image lacks
/// and channels from `rows.channels` to `width` become zeros. Four channels go through all columns,
/// so that few lines are touched at a time.
template <class Arch, class T>
[[gnu::noinline]] void winograd_transpose_rows(const winograd_rows_of<T>& rows, int first,
                                               int columns, int width, T* to) {
  const std::ptrdiff_t column = std::ptrdiff_t{lanes} * width;
  range inside{std::clamp(-first, 0, columns), std::clamp(rows.width - first, 0, columns)};
  if (rows.second == nullptr) inside.last = inside.first;
  clear<Arch>(to, inside.first * column);
  clear<Arch>(to + inside.last * column, (columns - inside.last) * column);
  const T *one = rows.first, *other = rows.second;
  const T sign = rows.sign;
  const auto turn_columns = [&](int c, auto live, auto values) __attribute__((always_inline)) {
    for (int k = inside.first; k < inside.last; ++k)
      winograd_turn(c * rows.plane + std::ptrdiff_t{first + k} * lanes, rows.plane, live, width,
                    to + k * column + c, values);
  };
  const auto turn_all = [&](auto values) __attribute__((always_inline)) {
    for (int c = 0; c < width; c += 4) {
      if (c + 4 <= rows.channels)
        turn_columns(c, std::integral_constant<int, 4>{}, values);
      else
        turn_columns(c, std::max(0, rows.channels - c), values);
    }
  };
  if (one == nullptr)
    turn_all([=](auto load, std::ptrdiff_t i)
                 __attribute__((always_inline)) { return sign * load(other + i); });
  else
    turn_all([=](auto load, std::ptrdiff_t i)
                 __attribute__((always_inline)) { return load(one + i) + sign * load(other + i); });
}

}  // namespace lamina::kernels::detail
