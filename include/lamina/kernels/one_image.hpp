// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <type_traits>

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

// One image at a time has no batch to fill the lanes with: neighbouring pixels lie in them instead,
// and neighbouring inputs in a dense layer.

/// Where the pixels of one image lie: rows `pitch` apart, with zeros between them and around each
/// channel's plane, so that a convolution reads its padding as it reads pixels.
struct image_layout {
  int channels, height, width, pitch;
  std::ptrdiff_t lead, plane;  // elements before a channel's first pixel, from channel to channel

  /// Room for the registers that reach past the last plane.
  constexpr std::ptrdiff_t size() const { return channels * plane + 128; }
  constexpr std::ptrdiff_t at(int channel, int row) const {
    return channel * plane + lead + std::ptrdiff_t{row} * pitch;
  }
};

/// With zeros for windows that reach `halo` pixels over the edges.
constexpr image_layout layout_of_image(int channels, int height, int width, int halo) {
  const auto whole = [](std::ptrdiff_t n) { return (n + 15) / 16 * 16; };
  const int pitch = width + halo;
  const std::ptrdiff_t lead = whole(std::ptrdiff_t{halo} * pitch + halo);
  return {channels, height, width,
          pitch,    lead,   lead + whole(std::ptrdiff_t{height + halo} * pitch + halo)};
}

/// scale * x + shift on vectors.
template <class Arch, class T>
struct scale_and_shift {
  T scale, shift;
  [[gnu::always_inline]] batch<Arch, T> operator()(const batch<Arch, T>& x) const {
    return kernels::fma(x, batch<Arch, T>(scale), batch<Arch, T>(shift));
  }
};

/// What follows a product, output by output: activation, then scale and shift.
template <class T, class Activation>
struct product_end {
  const T* bias;   // null: zeros
  const T* scale;  // null: no normalisation, and then no shift
  const T* shift;
  Activation activation;
};

namespace detail {

/// f over n values, whose last register goes through memory of its own.
template <class Arch, class T, class F>
[[gnu::always_inline]] inline void map_values(int n, const T* x, T* y, F&& f) {
  constexpr int w = width<Arch, T>;
  int i = 0;
  for (; i + w <= n; i += w) put_unaligned<Arch>(y + i, f(load_unaligned<Arch>(x + i)));
  const int left = std::clamp(n - i, 0, w);
  if (left == 0) return;
  alignas(64) T rest[w] = {};
  for (int k = 0; k < left; ++k) rest[k] = x[i + k];
  put<Arch>(rest, f(load<Arch>(rest)));
  for (int k = 0; k < left; ++k) y[i + k] = rest[k];
}

/// Registers of a row that have sums of their own. All rows add up in one order, so that an answer
/// does not depend on how many images are asked for.
inline constexpr int sums_of_a_row = 4;

/// Rows x `Sums` registers of sums over the inputs of one dense layer: of every sums_of_a_row
/// registers of the first `whole` inputs those from `from` on. The rows are `row` elements apart.
/// One or two rows are read as memory gives them fastest, lines of a row side by side; for more of
/// them each input is read once.
template <class Arch, int Rows, int Sums, class T>
[[gnu::always_inline]] inline void add_products(int whole, const T* weights, std::ptrdiff_t row,
                                                const T* x, int from,
                                                batch<Arch, T> (&sums)[Rows][Sums]) {
  constexpr int w = width<Arch, T>;
  constexpr bool by_row = Rows <= 2;
  unroll<Rows * Sums>([&](int i) __attribute__((always_inline)) {
    sums[i / Sums][i % Sums] = batch<Arch, T>(T(0));
  });
  for (int k = from * w; k < whole; k += sums_of_a_row * w) {
    if constexpr (by_row) {
      unroll<Rows>([&](int r) __attribute__((always_inline)) {
        batch<Arch, T> some[Sums];
        unroll<Sums>([&](int s) __attribute__((always_inline)) {
          some[s] = held(load_unaligned<Arch>(weights + r * row + k + s * w));
        });
        unroll<Sums>([&](int s) __attribute__((always_inline)) {
          sums[r][s] = kernels::fma(some[s], load_unaligned<Arch>(x + k + s * w), sums[r][s]);
        });
      });
    } else {
      unroll<Sums>([&](int s) __attribute__((always_inline)) {
        const auto inputs = held(load_unaligned<Arch>(x + k + s * w));
        unroll<Rows>([&](int r) __attribute__((always_inline)) {
          sums[r][s] =
              kernels::fma(load_unaligned<Arch>(weights + r * row + k + s * w), inputs, sums[r][s]);
        });
      });
    }
  }
}

/// Weights that are expected in the second cache.
template <class Arch, class T>
inline constexpr std::ptrdiff_t weights_in_cache = second_cache<Arch> / 2 /
                                                   static_cast<std::ptrdiff_t>(sizeof(T));

/// Adds weights x to the sums of `Rows` rows that are `apart` rows from each other. One or two go
/// through all registers at once; more of them twice, each time for half of the registers.
template <class Arch, int Rows, class T>
[[gnu::noinline]] void dense_rows(int in, const T* weights, const T* x, T* sums_of_rows,
                                  std::ptrdiff_t apart) {
  constexpr int w = width<Arch, T>, half = sums_of_a_row / 2, step = sums_of_a_row * w;
  const std::ptrdiff_t row = apart * in;
  const int whole = in / step * step;
  batch<Arch, T> total[Rows];
  if constexpr (Rows <= 2) {
    batch<Arch, T> sums[Rows][sums_of_a_row];
    add_products<Arch>(whole, weights, row, x, 0, sums);
    unroll<Rows>([&](int r) __attribute__((always_inline)) {
      total[r] = (sums[r][0] + sums[r][1]) + (sums[r][2] + sums[r][3]);
    });
  } else {
    batch<Arch, T> sums[Rows][half];
    add_products<Arch>(whole, weights, row, x, 0, sums);
    unroll<Rows>([&](int r) __attribute__((always_inline)) { total[r] = sums[r][0] + sums[r][1]; });
    add_products<Arch>(whole, weights, row, x, half, sums);
    unroll<Rows>([&](int r) __attribute__((always_inline)) {
      total[r] = total[r] + (sums[r][0] + sums[r][1]);
    });
  }
  int k = whole;
  for (; k + w <= in; k += w) {
    const auto inputs = load_unaligned<Arch>(x + k);
    unroll<Rows>([&](int r) __attribute__((always_inline)) {
      total[r] = kernels::fma(load_unaligned<Arch>(weights + r * row + k), inputs, total[r]);
    });
  }
  unroll<Rows>([&](int r) __attribute__((always_inline)) {
    T sum = kernels::sum(total[r]);
    for (int rest = k; rest < in; ++rest) sum += weights[r * row + rest] * x[rest];
    sums_of_rows[r * apart] += sum;
  });
}

}  // namespace detail

/// y = what `end` makes of weights x for the given outputs, for `images` images `stride` elements
/// apart: the weights, which are read once, serve all of them. They are read as streams that never
/// break off, each a half or a quarter of the rows: two for one image and many weights, which
/// memory limits, else four, for which each input is read once.
template <class Arch = native, class T, class Activation>
void dense_one_image(dense_extents e, const T* weights,  // (out, in)
                     const product_end<T, Activation>& end, const T* x, T* y, int images,
                     std::ptrdiff_t stride, range outputs) {
  const int count = outputs.last - outputs.first;
  for (int i = 0; i < images; ++i) {
    T* const values = y + i * stride + outputs.first;
    if (end.bias == nullptr)
      std::fill_n(values, count, T(0));
    else
      std::copy_n(end.bias + outputs.first, count, values);
  }
  const auto rows = [&](auto at_once, int first, std::ptrdiff_t apart) {
    const T* from = weights + static_cast<std::ptrdiff_t>(first) * e.in;
    for (int i = 0; i < images; ++i)
      detail::dense_rows<Arch, decltype(at_once)::value>(e.in, from, x + i * stride,
                                                         y + i * stride + first, apart);
  };
  const auto in_streams = [&](auto streams) {
    const int part = count / streams;
    for (int o = outputs.first; o < outputs.first + part; ++o) rows(streams, o, part);
    for (int o = outputs.first + streams * part; o < outputs.last; ++o)
      rows(std::integral_constant<int, 1>{}, o, 0);
  };
  if (images == 1 && std::ptrdiff_t{count} * e.in > detail::weights_in_cache<Arch, T>)
    in_streams(std::integral_constant<int, 2>{});
  else
    in_streams(std::integral_constant<int, 4>{});
  for (int i = 0; i < images; ++i) {
    T* const values = y + i * stride;
    detail::map_values<Arch>(count, static_cast<const T*>(values + outputs.first),
                             values + outputs.first, end.activation);
    if (end.scale == nullptr) continue;
    for (int o = outputs.first; o < outputs.last; ++o)
      values[o] = end.scale[o] * values[o] + end.shift[o];
  }
}

/// f over the pixels, channel by channel: y[c] = f(c)(x[c]) on vectors; y may be x.
template <class Arch = native, class T, class F>
void map_one_image(const image_layout& of, const T* x, T* y, F&& f) {
  for (int c = 0; c < of.channels; ++c) {
    const auto function = f(c);
    for (int r = 0; r < of.height; ++r)
      detail::map_values<Arch>(of.width, x + of.at(c, r), y + of.at(c, r), function);
  }
}

/// Pixels (y, x, channel) become an image of scale * pixel + offset.
template <class Arch = native, class From, class T>
void spread_pixels(const From* pixels, std::type_identity_t<T> scale,
                   std::type_identity_t<T> offset, const image_layout& out, T* y) {
  for (int c = 0; c < out.channels; ++c)
    for (int r = 0; r < out.height; ++r)
      for (int k = 0; k < out.width; ++k)
        y[out.at(c, r) + k] =
            scale * static_cast<T>(pixels[(r * out.width + k) * out.channels + c]) + offset;
}

/// The pixels alone, (channel, y, x).
template <class Arch = native, class T>
void gather_pixels(const image_layout& in, const T* x, T* y) {
  for (int c = 0; c < in.channels; ++c)
    for (int r = 0; r < in.height; ++r)
      for (int k = 0; k < in.width; ++k) *y++ = x[in.at(c, r) + k];
}

/// y = softmax of n values.
template <class Arch = native, class T>
void softmax_one_image(int n, const T* x, T* y) {
  const T largest = *std::max_element(x, x + n);
  T sum(0);
  for (int i = 0; i < n; ++i) sum += y[i] = std::exp(x[i] - largest);
  for (int i = 0; i < n; ++i) y[i] /= sum;
}

}  // namespace lamina::kernels
