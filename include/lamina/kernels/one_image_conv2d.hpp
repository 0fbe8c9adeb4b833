// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_pack.hpp"
#include "lamina/kernels/one_image.hpp"

namespace lamina::kernels {

namespace detail {

/// Convolves `Registers` registers of neighbouring positions for a tile of outputs, of which the
/// last lacks some; x is where the first position meets the window's first tap, y (output,
/// position) a plane for each output.
template <class Arch, int Registers, int KH, int KW, class T, class Activation>
[[gnu::noinline]] void convolve_positions(const image_layout in, const T* x, const T* weights, T* y,
                                          std::ptrdiff_t y_channel, int first, int outputs,
                                          const product_end<T, Activation>& end) {
  constexpr int w = width<Arch, T>, tile = conv2d_output_tile<Arch, T>;
  batch<Arch, T> sums[tile][Registers];
  unroll<tile>([&](int o) __attribute__((always_inline)) {
    const bool biased = end.bias != nullptr && o < outputs;
    unroll<Registers>([&](int r) __attribute__((always_inline)) {
      sums[o][r] = filled<Arch, T>(biased ? end.bias[first + o] : T(0));
    });
  });
  for (int c = 0; c < in.channels; ++c, x += in.plane) {
    const T* row = x;
    for (int ky = 0; ky < KH; ++ky, row += in.pitch, weights += KW * tile) {
      unroll<KW>([&](int kx) __attribute__((always_inline)) {
        batch<Arch, T> inputs[Registers];
        unroll<Registers>([&](int r) __attribute__((always_inline)) {
          inputs[r] = held(load_unaligned<Arch>(row + kx + r * w));
        });
        unroll<tile>([&](int o) __attribute__((always_inline)) {
          const auto factor = held(broadcast<Arch>(weights + kx * tile + o));
          unroll<Registers>([&](int r) __attribute__((always_inline)) {
            sums[o][r] = kernels::fma(factor, inputs[r], sums[o][r]);
          });
        });
      });
      forget_reads<Arch>();
    }
  }
  unroll<tile>([&](int o) __attribute__((always_inline)) {
    if (o >= outputs) return;
    unroll<Registers>([&](int r) __attribute__((always_inline)) {
      auto value = end.activation(sums[o][r]);
      if (end.scale != nullptr)
        value = kernels::fma(value, filled<Arch, T>(end.scale[first + o]),
                             filled<Arch, T>(end.shift[first + o]));
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

}  // namespace detail

/// Elements of scratch memory, aligned to 64 bytes, that conv2d_one_image needs.
template <class Arch, class T>
constexpr std::size_t conv2d_one_image_scratch(const conv2d_extents& e, int stride_height,
                                               int pitch) {
  const std::size_t positions = static_cast<std::size_t>((e.out_height - 1) * stride_height + 1) *
                                static_cast<std::size_t>(pitch);
  return static_cast<std::size_t>(conv2d_output_tile<Arch, T>) * ((positions + 127) / 128 * 128);
}

/// y = what `end` makes of the convolution of x, pooled where `pool` has a window (its input is the
/// convolution's output), else as it is, for the given outputs, which begin at a multiple of
/// conv2d_output_tile. Packed weights as for conv2d_forward; the layouts' halos are at least as
/// wide as the padding. Only pixels of y are written.
template <class Arch = native, int KH, int KW, int SH, int SW, class T, class Activation>
void conv2d_one_image(window<KH, KW, SH, SW>, const conv2d_extents& e, const T* packed,
                      const product_end<T, Activation>& end, const image_layout& in, const T* x,
                      const pool_extents& pool, const image_layout& out, T* y, T* scratch,
                      range of) {
  constexpr int tile = conv2d_output_tile<Arch, T>;
  constexpr int registers_at_once = kernels::tile<Arch, T>::conv2d_pixels * registers<Arch, T>;
  constexpr int step = registers_at_once * width<Arch, T>;
  constexpr int few_registers = std::min(registers_at_once, 2);
  constexpr int few = few_registers * width<Arch, T>;
  const int positions = ((e.out_height - 1) * SH) * in.pitch + (e.out_width - 1) * SW + 1;
  const std::ptrdiff_t channel = static_cast<std::ptrdiff_t>(
      conv2d_one_image_scratch<Arch, T>(e, SH, in.pitch) / static_cast<std::size_t>(tile));
  const T* origin = x + in.lead - e.pad_top * in.pitch - e.pad_left;
  for (int first = of.first; first < of.last; first += tile) {
    const int outputs = std::min(tile, of.last - first);
    const T* weights = packed + static_cast<std::ptrdiff_t>(first) * e.in_channels * KH * KW;
    int p = 0;
    for (; p < positions - few; p += step)
      detail::convolve_positions<Arch, registers_at_once, KH, KW>(
          in, origin + p, weights, scratch + p, channel, first, outputs, end);
    if (p < positions)
      detail::convolve_positions<Arch, few_registers, KH, KW>(in, origin + p, weights, scratch + p,
                                                              channel, first, outputs, end);
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

}  // namespace lamina::kernels
