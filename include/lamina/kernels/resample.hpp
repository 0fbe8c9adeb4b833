// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

struct image_extents {
  int height, width, channels;
};

/// Of each lane: source row = row_row * y + row_column * x + row_origin for the pixel (y, x), and
/// the same for the column.
template <class T>
struct affine_lanes {
  alignas(64) T row_row[lanes], row_column[lanes], row_origin[lanes];
  alignas(64) T column_row[lanes], column_column[lanes], column_origin[lanes];
};

/// The rules for what lies beyond the edges; each brings a coordinate, or the number of a row or
/// column, back into a picture that has `extent` of them.
namespace beyond {

struct nearest {
  template <class B>
  [[gnu::always_inline]] static B coordinate(const B& at, const B& last) {
    return xsimd::min(xsimd::max(at, B(0)), last);
  }
  template <class B>
  [[gnu::always_inline]] static B index(const B& at, const B& extent) {
    return xsimd::min(at, extent - B(1));
  }
};

/// Where the coordinate leaves the picture there is a value: the caller's to blend in.
struct constant : nearest {};

/// Half a pixel beyond the edge is the mirror: … 1 0 | 0 1 2 | 2 1 …
struct reflect {
  template <class B>
  [[gnu::always_inline]] static B coordinate(const B& at, const B&) {
    return at;
  }
  template <class B>
  [[gnu::always_inline]] static B index(const B& at, const B& extent) {
    const B period = extent + extent;
    const B inside = at - period * xsimd::floor(at / period);
    return xsimd::min(inside, period - B(1) - inside);
  }
};

struct wrap {
  template <class B>
  [[gnu::always_inline]] static B coordinate(const B& at, const B&) {
    return at;
  }
  template <class B>
  [[gnu::always_inline]] static B index(const B& at, const B& extent) {
    return at - extent * xsimd::floor(at / extent);
  }
};

}  // namespace beyond

namespace detail {

/// source[16 * pixel[k] + k] for each element k: a value of every lane, each from its own pixel.
template <class Arch, class T>
[[gnu::always_inline]] inline batch<Arch, T> pick_pixels(const T* source,
                                                         const batch<Arch, T>& pixel) {
  constexpr bool wide = has_avx512<Arch>;
  if constexpr (std::is_same_v<T, float> && (wide || std::is_base_of_v<xsimd::avx2, Arch>)) {
    alignas(64) static constexpr std::int32_t count[] = {0, 1, 2,  3,  4,  5,  6,  7,
                                                         8, 9, 10, 11, 12, 13, 14, 15};
    const auto at = (xsimd::to_int(pixel) << 4) + load<Arch>(count);
    if constexpr (wide) {
      const batch<Arch, T> zeros(0);  // unmasked, g++ 12 warns of what it leaves undefined itself
      return _mm512_mask_i32gather_ps(zeros.data, 0xffff, at.data, source, sizeof(T));
    } else {
      return batch<Arch, T>::gather(source, at);
    }
  } else {
    alignas(64) T at[width<Arch, T>];
    put<Arch>(at, pixel);
    for (int k = 0; k < width<Arch, T>; ++k)
      at[k] = source[static_cast<std::ptrdiff_t>(at[k]) * lanes + k];
    return load<Arch>(at);
  }
}

/// Two neighbours along one side and how far the sample lies behind the first one.
template <class B>
struct neighbours {
  B first, second, part;
};

template <class Beyond, class B>
[[gnu::always_inline]] inline neighbours<B> neighbours_of(const B& at, const B& extent) {
  const B inside = Beyond::coordinate(at, extent - B(1));
  const B first = xsimd::floor(inside);
  return {Beyond::index(first, extent), Beyond::index(first + B(1), extent), inside - first};
}

}  // namespace detail

/// Bilinear resampling of one block, (channel, y, x, lane) to the same: each pixel is interpolated
/// between the four around the point of the source that the lane's map names, moved by
/// `displacement`, (2, y, x, lane), rows then columns, unless it is null. `value` fills where
/// `Beyond` is `constant`. Coordinates have to stay below 2^23 pixels. All 16 lanes go through the
/// same instructions, so that a picture does not depend on its lane.
template <class Arch = native, class Beyond, class T>
void resample(Beyond, image_extents e, std::type_identity_t<T> value, const affine_lanes<T>& map,
              const std::type_identity_t<T>* displacement, const T* source, T* to) {
  using B = batch<Arch, T>;
  const B height(static_cast<T>(e.height)), columns(static_cast<T>(e.width));
  const std::ptrdiff_t plane = std::ptrdiff_t{e.height} * e.width * lanes;
  for (int l = 0; l < lanes; l += width<Arch, T>) {
    const auto row_row = load<Arch>(map.row_row + l), row_column = load<Arch>(map.row_column + l);
    const auto column_row = load<Arch>(map.column_row + l);
    const auto column_column = load<Arch>(map.column_column + l);
    for (int y = 0; y < e.height; ++y) {
      const B down(static_cast<T>(y));
      const B row_begin = kernels::fma(row_row, down, load<Arch>(map.row_origin + l));
      const B column_begin = kernels::fma(column_row, down, load<Arch>(map.column_origin + l));
      for (int x = 0; x < e.width; ++x) {
        const std::ptrdiff_t at = (std::ptrdiff_t{y} * e.width + x) * lanes + l;
        const B across(static_cast<T>(x));
        B row = kernels::fma(row_column, across, row_begin);
        B column = kernels::fma(column_column, across, column_begin);
        if (displacement != nullptr) {
          row += load<Arch>(displacement + at);
          column += load<Arch>(displacement + plane + at);
        }
        const auto r = detail::neighbours_of<Beyond>(row, height);
        const auto c = detail::neighbours_of<Beyond>(column, columns);
        const B above = r.first * columns, below = r.second * columns;
        for (int channel = 0; channel < e.channels; ++channel) {
          const T* from = source + channel * plane + l;
          const B a = detail::pick_pixels<Arch>(from, above + c.first);
          const B b = detail::pick_pixels<Arch>(from, above + c.second);
          const B p = detail::pick_pixels<Arch>(from, below + c.first);
          const B q = detail::pick_pixels<Arch>(from, below + c.second);
          const B top = kernels::fma(c.part, b - a, a), bottom = kernels::fma(c.part, q - p, p);
          B result = kernels::fma(r.part, bottom - top, top);
          if constexpr (std::is_same_v<Beyond, beyond::constant>) {
            const auto inside =
                row >= B(0) && row <= height - B(1) && column >= B(0) && column <= columns - B(1);
            result = xsimd::select(inside, result, B(value));
          }
          put<Arch>(to + channel * plane + at, result);
        }
      }
    }
  }
}

}  // namespace lamina::kernels
