// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/conv2d_pack.hpp"
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
  return {channels, height, width, pitch,
          lead,     lead + whole(std::ptrdiff_t{height + halo} * pitch + halo)};
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

/// Convolves `Registers` registers of neighbouring positions for a tile of outputs, of which the last
/// lacks some; x is where the
/// first position meets the window's first tap, y (output, position) a plane for each output.
template <class Arch, int Registers, int KH, int KW, class T, class Activation>
[[gnu::noinline]] void convolve_positions(const image_layout in, const T* x, const T* weights,
                                          T* y, std::ptrdiff_t y_channel, int first, int outputs,
                                          const product_end<T, Activation>& end) {
  constexpr int w = width<Arch, T>, tile = conv2d_output_tile<Arch, T>;
  batch<Arch, T> sums[tile][Registers];
  unroll<tile>([&](auto o) __attribute__((always_inline)) {
    const bool biased = end.bias != nullptr && o < outputs;
    unroll<Registers>([&](auto r) __attribute__((always_inline)) {
      sums[o][r] = batch<Arch, T>(biased ? end.bias[first + o] : T(0));
    });
  });
  for (int c = 0; c < in.channels; ++c, x += in.plane) {
    const T* row = x;
    for (int ky = 0; ky < KH; ++ky, row += in.pitch, weights += KW * tile) {
      unroll<KW>([&](auto kx) __attribute__((always_inline)) {
        batch<Arch, T> inputs[Registers];
        unroll<Registers>([&](auto r) __attribute__((always_inline)) {
          inputs[r] = held(load_unaligned<Arch>(row + kx + r * w));
        });
        unroll<tile>([&](auto o) __attribute__((always_inline)) {
          const auto factor = held(broadcast<Arch>(weights + kx * tile + o));
          unroll<Registers>([&](auto r) __attribute__((always_inline)) {
            sums[o][r] = kernels::fma(factor, inputs[r], sums[o][r]);
          });
        });
      });
      forget_reads<Arch>();
    }
  }
  unroll<tile>([&](auto o) __attribute__((always_inline)) {
    if (o >= outputs) return;
    unroll<Registers>([&](auto r) __attribute__((always_inline)) {
      auto value = end.activation(sums[o][r]);
      if (end.scale != nullptr)
        value = kernels::fma(value, batch<Arch, T>(end.scale[first + o]),
                             batch<Arch, T>(end.shift[first + o]));
      put<Arch>(y + o * y_channel + r * w, value);
    });
  });
}

/// The largest, or the mean, of each window of one plane; padding left out.
template <class Arch, bool Maximum, class T>
void pool_rows(const pool_extents& e, const T* x, std::ptrdiff_t x_pitch, T* y,
               std::ptrdiff_t y_pitch) {
  for (int row = 0; row < e.out_height; ++row, y += y_pitch) {
    const int top = row * e.stride_height - e.pad_top;
    const range rows{std::max(top, 0), std::min(top + e.window_height, e.in_height)};
    for (int column = 0; column < e.out_width; ++column) {
      const int left = column * e.stride_width - e.pad_left;
      const range columns{std::max(left, 0), std::min(left + e.window_width, e.in_width)};
      T value = Maximum ? x[rows.first * x_pitch + columns.first] : T(0);
      for (int r = rows.first; r < rows.last; ++r)
        for (int c = columns.first; c < columns.last; ++c) {
          const T next = x[r * x_pitch + c];
          value = Maximum ? (value < next ? next : value) : value + next;
        }
      const int pixels = (rows.last - rows.first) * (columns.last - columns.first);
      y[column] = Maximum ? value : value / static_cast<T>(pixels);
    }
  }
}

/// The same for windows of two by two that touch and lie inside, in a form that vectorises.
template <class Arch, class T>
void pool_pairs(const pool_extents& e, const T* x, std::ptrdiff_t x_pitch, T* y,
                std::ptrdiff_t y_pitch) {
  for (int row = 0; row < e.out_height; ++row, x += 2 * x_pitch, y += y_pitch)
    for (int column = 0; column < e.out_width; ++column) {
      const T* at = x + 2 * column;
      const T above = at[0] < at[1] ? at[1] : at[0];
      const T below = at[x_pitch] < at[x_pitch + 1] ? at[x_pitch + 1] : at[x_pitch];
      y[column] = above < below ? below : above;
    }
}

template <class Arch>
[[gnu::always_inline]] inline bool pools_pairs(const pool_extents& e) {
  return e.window_height == 2 && e.window_width == 2 && e.stride_height == 2 &&
         e.stride_width == 2 && e.pad_top == 0 && e.pad_left == 0 &&
         2 * e.out_height <= e.in_height && 2 * e.out_width <= e.in_width;
}

template <class Arch, class T>
void max_pool_rows(const pool_extents& e, const T* x, std::ptrdiff_t x_pitch, T* y,
                   std::ptrdiff_t y_pitch) {
  if (pools_pairs<Arch>(e))
    pool_pairs<Arch>(e, x, x_pitch, y, y_pitch);
  else
    pool_rows<Arch, true>(e, x, x_pitch, y, y_pitch);
}

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

/// Rows x two registers of sums over the inputs of one dense layer.
template <class Arch, int Rows, class T>
[[gnu::noinline]] void dense_rows(int in, const T* weights, const T* x, T* sums_of_rows) {
  constexpr int w = width<Arch, T>;
  batch<Arch, T> sums[Rows][2];
  unroll<2 * Rows>([&](auto i) __attribute__((always_inline)) {
    sums[i / 2][i % 2] = batch<Arch, T>(T(0));
  });
  int k = 0;
  for (; k + 2 * w <= in; k += 2 * w) {
    const auto first = load_unaligned<Arch>(x + k), second = load_unaligned<Arch>(x + k + w);
    unroll<Rows>([&](auto r) __attribute__((always_inline)) {
      const T* row = weights + r * static_cast<std::ptrdiff_t>(in) + k;
      sums[r][0] = kernels::fma(load_unaligned<Arch>(row), first, sums[r][0]);
      sums[r][1] = kernels::fma(load_unaligned<Arch>(row + w), second, sums[r][1]);
    });
  }
  unroll<Rows>([&](auto r) __attribute__((always_inline)) {
    T total = kernels::sum(sums[r][0] + sums[r][1]);
    for (int rest = k; rest < in; ++rest)
      total += weights[r * static_cast<std::ptrdiff_t>(in) + rest] * x[rest];
    sums_of_rows[r] = total;
  });
}

}  // namespace detail

/// Elements of scratch memory, aligned to 64 bytes, that conv2d_one_image needs.
template <class Arch, class T>
constexpr std::size_t conv2d_one_image_scratch(const conv2d_extents& e, int stride_height,
                                               int pitch) {
  const std::size_t positions =
      static_cast<std::size_t>((e.out_height - 1) * stride_height + 1) *
      static_cast<std::size_t>(pitch);
  return static_cast<std::size_t>(conv2d_output_tile<Arch, T>) * ((positions + 127) / 128 * 128);
}

/// y = what `end` makes of the convolution of x, pooled where `pool` has a window (its input is the
/// convolution's output), else as it is. Packed weights as for conv2d_forward; the layouts' halos
/// are at least as wide as the padding. Only pixels of y are written.
template <class Arch = native, int KH, int KW, int SH, int SW, class T, class Activation>
void conv2d_one_image(window<KH, KW, SH, SW>, const conv2d_extents& e, const T* packed,
                      const product_end<T, Activation>& end, const image_layout& in, const T* x,
                      const pool_extents& pool, const image_layout& out, T* y, T* scratch) {
  constexpr int tile = conv2d_output_tile<Arch, T>;
  constexpr int registers_at_once = kernels::tile<Arch, T>::conv2d_pixels * registers<Arch, T>;
  constexpr int step = registers_at_once * width<Arch, T>;
  const int positions = ((e.out_height - 1) * SH) * in.pitch + (e.out_width - 1) * SW + 1;
  const std::ptrdiff_t channel = static_cast<std::ptrdiff_t>(
      conv2d_one_image_scratch<Arch, T>(e, SH, in.pitch) / static_cast<std::size_t>(tile));
  const T* origin = x + in.lead - e.pad_top * in.pitch - e.pad_left;
  for (int first = 0; first < e.out_channels; first += tile) {
    const int outputs = std::min(tile, e.out_channels - first);
    const T* weights = packed + static_cast<std::ptrdiff_t>(first) * e.in_channels * KH * KW;
    for (int p = 0; p < positions; p += step)
      detail::convolve_positions<Arch, registers_at_once, KH, KW>(
          in, origin + p, weights, scratch + p, channel, first, outputs, end);
    for (int o = 0; o < outputs; ++o) {
      const T* plane = scratch + o * channel;
      T* to = y + out.at(first + o, 0);
      if (pool.window_height > 0) {
        detail::max_pool_rows<Arch>(pool, plane, in.pitch, to, out.pitch);
      } else {
        for (int r = 0; r < e.out_height; ++r)
          for (int k = 0; k < e.out_width; ++k)
            to[r * out.pitch + k] = plane[r * SH * in.pitch + k * SW];
      }
    }
  }
}

/// y = what `end` makes of weights x, for `images` images `stride` elements apart: the weights, which
/// are read once, serve all of them.
template <class Arch = native, class T, class Activation>
void dense_one_image(dense_extents e, const T* weights,  // (out, in)
                     const product_end<T, Activation>& end, const T* x, T* y, int images,
                     std::ptrdiff_t stride) {
  constexpr int rows = 4;
  for (int first = 0; first < e.out; first += rows) {
    const int outputs = std::min(rows, e.out - first);
    const T* from = weights + static_cast<std::ptrdiff_t>(first) * e.in;
    for (int i = 0; i < images; ++i) {
      T* to = y + i * stride + first;
      if (outputs == rows) {
        detail::dense_rows<Arch, rows>(e.in, from, x + i * stride, to);
      } else {
        for (int o = 0; o < outputs; ++o)
          detail::dense_rows<Arch, 1>(e.in, from + static_cast<std::ptrdiff_t>(o) * e.in,
                                      x + i * stride, to + o);
      }
    }
  }
  for (int i = 0; i < images; ++i) {
    T* const values = y + i * stride;
    for (int o = 0; o < e.out; ++o) values[o] += end.bias == nullptr ? T(0) : end.bias[o];
    detail::map_values<Arch>(e.out, static_cast<const T*>(values), values, end.activation);
    if (end.scale == nullptr) continue;
    for (int o = 0; o < e.out; ++o) values[o] = end.scale[o] * values[o] + end.shift[o];
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

/// max_pool or average_pool of one image.
template <class Arch = native, bool Maximum, class T>
void pool_one_image(const pool_extents& e, const image_layout& in, const T* x,
                    const image_layout& out, T* y) {
  for (int c = 0; c < e.channels; ++c) {
    if constexpr (Maximum)
      detail::max_pool_rows<Arch>(e, x + in.at(c, 0), in.pitch, y + out.at(c, 0), out.pitch);
    else
      detail::pool_rows<Arch, false>(e, x + in.at(c, 0), in.pitch, y + out.at(c, 0), out.pitch);
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
