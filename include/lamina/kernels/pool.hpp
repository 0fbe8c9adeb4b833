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

/// The part of the input that one output pixel sees.
struct patch {
  range rows, columns;
};

template <class Arch>
[[gnu::always_inline]] inline patch patch_of(const pool_extents& e, int y, int x) {
  const int top = y * e.stride_height - e.pad_top, left = x * e.stride_width - e.pad_left;
  return {{std::max(top, 0), std::min(top + e.window_height, e.in_height)},
          {std::max(left, 0), std::min(left + e.window_width, e.in_width)}};
}

/// Calls f(index of the input pixel) in row-major order. Whole patches of Side x Side pixels are
/// unrolled; a Side of zero stands for windows of all sizes.
template <class Arch, int Side, class F>
[[gnu::always_inline]] inline void for_each_pixel(const pool_extents& e, const patch& p, F&& f) {
  if constexpr (Side > 0) {
    if (p.rows.last - p.rows.first == Side && p.columns.last - p.columns.first == Side) {
      const int first = (p.rows.first * e.in_width + p.columns.first) * lanes;
      unroll<Side * Side>([&](auto i) __attribute__((always_inline)) {
        f(first + (i / Side * e.in_width + i % Side) * lanes);
      });
      return;
    }
  }
  for (int y = p.rows.first; y < p.rows.last; ++y)
    for (int x = p.columns.first; x < p.columns.last; ++x) f((y * e.in_width + x) * lanes);
}

/// Calls f(output pixel, patch) for the whole plane.
template <class Arch, class F>
[[gnu::always_inline]] inline void for_each_patch(const pool_extents& e, F&& f) {
  for (int y = 0; y < e.out_height; ++y)
    for (int x = 0; x < e.out_width; ++x) f((y * e.out_width + x) * lanes, patch_of<Arch>(e, y, x));
}

template <class Arch, int Side, class T, class View>
[[gnu::always_inline]] inline batch<Arch, T> maximum(const pool_extents& e, const patch& p,
                                                     const T* x, const View& view) {
  auto best = view(load<Arch>(x + (p.rows.first * e.in_width + p.columns.first) * lanes));
  for_each_pixel<Arch, Side>(
      e, p, [&](int i) __attribute__((always_inline)) {
        best = xsimd::max(best, view(load<Arch>(x + i)));
      });
  return best;
}

/// One channel's plane: y (pixel, lane) from x (pixel, lane).
template <class Arch, int Side, class T, class View>
void max_pool_plane(const pool_extents& e, const T* x, T* y, View view) {
  for_each_patch<Arch>(
      e, [&](int o, const patch& p) __attribute__((always_inline)) {
        for (int l = 0; l < lanes; l += width<Arch, T>)
          put<Arch>(y + o + l, maximum<Arch, Side>(e, p, x + l, view));
      });
}

/// Zeros; not std::fill, which files for other processors would share.
template <class Arch, class T>
[[gnu::always_inline]] inline void clear_plane(const pool_extents& e, T* dx) {
  for_each_register<Arch, T>(
      e.in_height * e.in_width * lanes, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        put<Arch>(dx + i, batch<Arch, T>(T(0)));
      });
}

/// Whether each pixel of the input lies in exactly one patch.
template <class Arch>
[[gnu::always_inline]] inline bool patches_tile(const pool_extents& e) {
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
  if constexpr (!Tile) clear_plane<Arch>(e, dx);
  for_each_patch<Arch>(
      e, [&](int o, const patch& p) __attribute__((always_inline)) {
        for (int l = 0; l < lanes; l += width<Arch, T>) {
          const auto best = maximum<Arch, Side>(e, p, x + l, view);
          auto left = load<Arch>(dy + o + l);
          for_each_pixel<Arch, Side>(
              e, p, [&](int i) __attribute__((always_inline)) {
                const auto found = view(load<Arch>(x + i + l)) == best;
                const auto part = xsimd::select(found, left, zero);
                put<Arch>(dx + i + l, Tile ? part : load<Arch>(dx + i + l) + part);
                left = xsimd::select(found, zero, left);
              });
        }
      });
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
  if (e.window_height == 2 && e.window_width == 2)
    max_pool_plane<Arch, 2>(e, x, y, view);
  else
    max_pool_plane<Arch, 0>(e, x, y, view);
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
    detail::for_each_patch<Arch>(e, [&](int o, const detail::patch& p) {
      const int n = (p.rows.last - p.rows.first) * (p.columns.last - p.columns.first);
      for (int l = 0; l < lanes; l += width<Arch, T>) {
        batch<Arch, T> total(T(0));
        detail::for_each_pixel<Arch, 0>(
            e,
            p, [&](int i) __attribute__((always_inline)) { total += load<Arch>(x + in + i + l); });
        put<Arch>(y + out + o + l, total / batch<Arch, T>(static_cast<T>(n)));
      }
    });
  });
}

/// dx = the sum of dy / pixels of the window over the windows that see a pixel.
template <class Arch = native, class T>
void average_pool_backward(pool_extents e, const T*, const T* dy, T* dx, range channels) {
  detail::for_each_plane<Arch>(e, channels, [&](int, std::ptrdiff_t in, std::ptrdiff_t out) {
    detail::clear_plane<Arch>(e, dx + in);
    detail::for_each_patch<Arch>(e, [&](int o, const detail::patch& p) {
      const int n = (p.rows.last - p.rows.first) * (p.columns.last - p.columns.first);
      for (int l = 0; l < lanes; l += width<Arch, T>) {
        const auto part = load<Arch>(dy + out + o + l) / batch<Arch, T>(static_cast<T>(n));
        detail::for_each_pixel<Arch, 0>(
            e, p, [&](int i) __attribute__((always_inline)) {
              T* to = dx + in + i + l;
              put<Arch>(to, load<Arch>(to) + part);
            });
      }
    });
  });
}

}  // namespace lamina::kernels
