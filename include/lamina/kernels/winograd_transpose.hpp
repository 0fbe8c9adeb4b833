// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/layout.hpp"
#include "lamina/kernels/winograd_pack.hpp"

namespace lamina::kernels::detail {

/// Two rows of an image (channel, column, lane) to be added up: above + sign * below. A row that is
/// missing, null, is zero.
template <class T>
struct winograd_rows_of {
  const T *above, *below;
  T sign;
  int width;             // columns
  std::ptrdiff_t plane;  // from one channel to the next
  int channels;
};

/// to (lane, channel) = add(element of the rows) for the first `Live` of four channels.
template <int Live, class T, class Add>
[[gnu::always_inline]] inline void winograd_turn(std::ptrdiff_t from, std::ptrdiff_t plane,
                                                 int width, T* to, Add add) {
  if constexpr (std::is_same_v<T, float>) {
    for (int l = 0; l < lanes; l += 4) {
      quad rows[4] = {};
      unroll<Live>([&](int i) __attribute__((always_inline)) {
        rows[i] = add([](const T* p) { return load_quad(p); }, from + i * plane + l);
      });
      turn(
          rows, [&](int i, quad turned) __attribute__((always_inline)) {
            std::memcpy(to + (l + i) * width, &turned, sizeof turned);
          });
    }
  } else {
    for (int l = 0; l < lanes; ++l)
      for (int i = 0; i < 4; ++i)
        to[l * width + i] =
            i < Live ? add([](const T* p) { return *p; }, from + i * plane + l) : T(0);
  }
}

/// to (column, lane, channel) = add(element of the rows), the columns from `first` on; columns that
/// the image lacks and channels from `rows.channels` to `width` become zeros. Four channels go
/// through all columns, so that few lines are touched at a time.
template <class Arch, class T, class Add>
[[gnu::always_inline]] inline void winograd_transpose(const winograd_rows_of<T>& rows, int first,
                                                      int columns, int width, T* to, Add add) {
  const range inside{std::clamp(-first, 0, columns), std::clamp(rows.width - first, 0, columns)};
  const std::ptrdiff_t column = std::ptrdiff_t{lanes} * width;
  clear<Arch>(to, inside.first * column);
  clear<Arch>(to + inside.last * column, (columns - inside.last) * column);
  for (int c = 0; c < width; c += 4)
    for (int k = inside.first; k < inside.last; ++k) {
      const std::ptrdiff_t from = c * rows.plane + std::ptrdiff_t{first + k} * lanes;
      T* const at = to + k * column + c;
      switch (std::clamp(rows.channels - c, 0, 4)) {
        case 4:
          winograd_turn<4>(from, rows.plane, width, at, add);
          break;
        case 3:
          winograd_turn<3>(from, rows.plane, width, at, add);
          break;
        case 2:
          winograd_turn<2>(from, rows.plane, width, at, add);
          break;
        case 1:
          winograd_turn<1>(from, rows.plane, width, at, add);
          break;
        default:
          winograd_turn<0>(from, rows.plane, width, at, add);
          break;
      }
    }
}

template <class Arch, class T>
[[gnu::noinline]] void winograd_transpose_rows(const winograd_rows_of<T>& rows, int first,
                                               int columns, int width, T* to) {
  const T *above = rows.above, *below = rows.below;
  const T sign = rows.sign;
  if (above == nullptr && below == nullptr) {
    clear<Arch>(to, std::ptrdiff_t{columns} * lanes * width);
  } else if (below == nullptr) {
    winograd_transpose<Arch>(
        rows, first, columns, width,
        to, [=](auto load, std::ptrdiff_t at) __attribute__((always_inline)) {
          return load(above + at);
        });
  } else if (above == nullptr) {
    winograd_transpose<Arch>(
        rows, first, columns, width,
        to, [=](auto load, std::ptrdiff_t at) __attribute__((always_inline)) {
          return sign * load(below + at);
        });
  } else {
    winograd_transpose<Arch>(
        rows, first, columns, width,
        to, [=](auto load, std::ptrdiff_t at) __attribute__((always_inline)) {
          return load(above + at) + sign * load(below + at);
        });
  }
}

}  // namespace lamina::kernels::detail
