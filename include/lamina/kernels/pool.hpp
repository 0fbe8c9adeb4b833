// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

namespace detail {

/// What a pooling sees of its input: the values themselves, or what another kernel makes of them.
template <class Arch, class T>
struct as_is {
  [[gnu::always_inline]] batch<Arch, T> operator()(const batch<Arch, T>& x) const { return x; }
};

/// The part of the input that one output pixel sees: some pixels at the edge of the image, or a
/// whole window whose size is known. Offsets are those of elements.
struct patch {
  std::ptrdiff_t at;  // the first pixel
  int rows, columns;
  std::ptrdiff_t row;  // from a row to the next

  [[gnu::always_inline]] int pixels() const { return rows * columns; }

  /// Calls f(offset) for each pixel in row-major order.
  template <class F>
  [[gnu::always_inline]] void for_each(F&& f) const {
    for (int y = 0; y < rows; ++y)
      for (int x = 0; x < columns; ++x) f(at + y * row + x * lanes);
  }
};

template <int Side>
struct square_patch {
  std::ptrdiff_t at, row;

  template <class F>
  [[gnu::always_inline]] void for_each(F&& f) const {
    unroll<Side * Side>([&](int i) __attribute__((always_inline)) {
      f(at + i / Side * row + i % Side * lanes);
    });
  }
};

/// Calls f(offset of the output pixel, patch) for one row of a plane.
template <class Arch, int Side, class F>
[[gnu::always_inline]] inline void for_each_patch_of_row(const pool_extents& e, int y, F&& f) {
  const std::ptrdiff_t row = e.in_width * lanes;
  const int top = y * e.stride_height - e.pad_top;
  const int first = std::max(top, 0);
  const int rows = std::min(top + e.window_height, e.in_height) - first;
  const std::ptrdiff_t begin_of_row = std::ptrdiff_t{y} * e.out_width * lanes;
  const auto at_edge = [&](int begin, int end) __attribute__((always_inline)) {
    for (int x = begin; x < end; ++x) {
      const int left = x * e.stride_width - e.pad_left, column = std::max(left, 0);
      f(begin_of_row + x * lanes, patch{first * row + column * lanes, rows,
                                        std::min(left + e.window_width, e.in_width) - column, row});
    }
  };
  int begin = 0, end = 0;  // of the whole windows
  if constexpr (Side > 0) {
    if (rows == Side && e.window_width == Side) {
      const int step = e.stride_width;
      begin = std::min((e.pad_left + step - 1) / step, e.out_width);
      end = std::clamp((e.in_width - Side + e.pad_left + step) / step, begin, e.out_width);
    }
  }
  at_edge(0, begin);
  if constexpr (Side > 0) {
    std::ptrdiff_t at = first * row + (begin * e.stride_width - e.pad_left) * lanes;
    for (int x = begin; x < end; ++x, at += e.stride_width * lanes)
      f(begin_of_row + x * lanes, square_patch<Side>{at, row});
  }
  at_edge(end, e.out_width);
}

template <class Arch, int Side, class F>
[[gnu::always_inline]] inline void for_each_patch(const pool_extents& e, F&& f) {
  for (int y = 0; y < e.out_height; ++y) for_each_patch_of_row<Arch, Side>(e, y, f);
}

/// Calls f(offset) for each register of a pixel.
template <class Arch, class T, class F>
[[gnu::always_inline]] inline void for_each_register_of_pixel(F&& f) {
  unroll<registers<Arch, T>>([&](int i) __attribute__((always_inline)) { f(i * width<Arch, T>); });
}

template <class Arch, class T, class Patch, class View>
[[gnu::always_inline]] inline batch<Arch, T> maximum(const Patch& p, const T* x, const View& view) {
  auto best = view(load<Arch>(x + p.at));
  p.for_each([&](std::ptrdiff_t i) __attribute__((always_inline)) {
    if (i != p.at) best = xsimd::max(best, view(load<Arch>(x + i)));
  });
  return best;
}

/// One channel's plane: y (pixel, lane) from x (pixel, lane).
template <class Arch, int Side, class T, class View>
[[gnu::noinline]] void max_pool_plane(const pool_extents& e, const T* x, T* y, View view) {
  for_each_patch<Arch, Side>(
      e, [&](std::ptrdiff_t o, const auto& p) __attribute__((always_inline)) {
        for_each_register_of_pixel<Arch, T>([&](int l) __attribute__((always_inline)) {
          put<Arch>(y + o + l, maximum<Arch>(p, x + l, view));
        });
      });
}

/// Whether each pixel of the input lies in exactly one patch.
template <class Arch>
[[gnu::always_inline]] constexpr bool patches_tile(const pool_extents& e) {
  return e.stride_height == e.window_height && e.stride_width == e.window_width &&
         e.pad_top + e.in_height <= e.out_height * e.stride_height &&
         e.pad_left + e.in_width <= e.out_width * e.stride_width;
}

/// Gives each dy to the first pixel of its patch that is as large as the largest. Patches that tile
/// the plane write each pixel once.
template <class Arch, int Side, bool Tile, class T, class View>
void max_pool_plane_backward(const pool_extents& e, const T* x, const T* dy, T* dx, View view) {
  using vector = batch<Arch, T>;
  const vector zero(T(0));
  if constexpr (!Tile) clear<Arch>(dx, e.in_height * e.in_width * lanes);
  for_each_patch<Arch, Side>(
      e, [&](std::ptrdiff_t o, const auto& p) __attribute__((always_inline)) {
        for_each_register_of_pixel<Arch, T>([&](int l) __attribute__((always_inline)) {
          const auto best = maximum<Arch>(p, x + l, view);
          auto left = load<Arch>(dy + o + l);
          p.for_each([&](std::ptrdiff_t i) __attribute__((always_inline)) {
            const auto found = view(load<Arch>(x + i + l)) == best;
            const auto part = xsimd::select(found, left, zero);
            put<Arch>(dx + i + l, Tile ? part : load<Arch>(dx + i + l) + part);
            left = xsimd::select(found, zero, left);
          });
        });
      });
}

/// Calls f(constant Side) with the side of the windows that are unrolled, or with zero.
template <class F>
[[gnu::always_inline]] inline void with_side(const pool_extents& e, F&& f) {
  if (e.window_height == 2 && e.window_width == 2)
    f(std::integral_constant<int, 2>{});
  else
    f(std::integral_constant<int, 0>{});
}

/// One plane with the fastest of three kernels.
template <class Arch, class T, class View>
[[gnu::always_inline]] inline void max_pool_plane_backward(const pool_extents& e, const T* x,
                                                           const T* dy, T* dx, const View& view) {
  if (!patches_tile<Arch>(e))
    max_pool_plane_backward<Arch, 0, false>(e, x, dy, dx, view);
  else if (e.window_height == 2 && e.window_width == 2)
    max_pool_plane_backward<Arch, 2, true>(e, x, dy, dx, view);
  else
    max_pool_plane_backward<Arch, 0, true>(e, x, dy, dx, view);
}

template <class Arch, class T, class View>
[[gnu::always_inline]] inline void max_pool_plane(const pool_extents& e, const T* x, T* y,
                                                  const View& view) {
  with_side(e, [&](auto side) { max_pool_plane<Arch, decltype(side)::value>(e, x, y, view); });
}

template <class Arch, class F>
[[gnu::always_inline]] inline void for_each_plane(const pool_extents& e, range channels, F&& f) {
  const std::ptrdiff_t in = static_cast<std::ptrdiff_t>(e.in_height) * e.in_width * lanes;
  const std::ptrdiff_t out = static_cast<std::ptrdiff_t>(e.out_height) * e.out_width * lanes;
  for (int c = channels.first; c < channels.last; ++c) f(c, c * in, c * out);
}

}  // namespace detail

/// y = the largest of each window, padding left out; one block, (channel, y, x, lane). Every window
/// holds a pixel of the image.
template <class Arch = native, class T>
void max_pool_forward(pool_extents e, const T* x, T* y, range channels) {
  detail::for_each_plane<Arch>(e, channels, [&](int, std::ptrdiff_t in, std::ptrdiff_t out) {
    detail::max_pool_plane<Arch>(e, x + in, y + out, detail::as_is<Arch, T>{});
  });
}

/// dx = dy at the first largest pixel of each window in row-major order, zero elsewhere.
template <class Arch = native, class T>
void max_pool_backward(pool_extents e, const T* x, const T* dy, T* dx, range channels) {
  detail::for_each_plane<Arch>(e, channels, [&](int, std::ptrdiff_t in, std::ptrdiff_t out) {
    detail::max_pool_plane_backward<Arch>(e, x + in, dy + out, dx + in, detail::as_is<Arch, T>{});
  });
}

/// y = the mean of each window's pixels, padding left out; one block, (channel, y, x, lane).
template <class Arch = native, class T>
void average_pool_forward(pool_extents e, const T* x, T* y, range channels) {
  detail::for_each_plane<Arch>(e, channels, [&](int, std::ptrdiff_t in, std::ptrdiff_t out) {
    detail::for_each_patch<Arch, 0>(e, [&](std::ptrdiff_t o, const detail::patch& p) {
      for (int l = 0; l < lanes; l += width<Arch, T>) {
        batch<Arch, T> total(T(0));
        p.for_each([&](std::ptrdiff_t i)
                       __attribute__((always_inline)) { total += load<Arch>(x + in + i + l); });
        put<Arch>(y + out + o + l, total / filled<Arch, T>(static_cast<T>(p.pixels())));
      }
    });
  });
}

/// dx = the sum of dy / pixels of the window over the windows that see a pixel.
template <class Arch = native, class T>
void average_pool_backward(pool_extents e, const T*, const T* dy, T* dx, range channels) {
  detail::for_each_plane<Arch>(e, channels, [&](int, std::ptrdiff_t in, std::ptrdiff_t out) {
    clear<Arch>(dx + in, e.in_height * e.in_width * lanes);
    detail::for_each_patch<Arch, 0>(e, [&](std::ptrdiff_t o, const detail::patch& p) {
      for (int l = 0; l < lanes; l += width<Arch, T>) {
        const auto part =
            load<Arch>(dy + out + o + l) / filled<Arch, T>(static_cast<T>(p.pixels()));
        p.for_each([&](std::ptrdiff_t i) __attribute__((always_inline)) {
          T* to = dx + in + i + l;
          put<Arch>(to, load<Arch>(to) + part);
        });
      }
    });
  });
}

}  // namespace lamina::kernels
