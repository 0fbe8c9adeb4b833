// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <type_traits>

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

// One image at a time has no batch to fill the lanes with: neighbouring pixels lie in them instead,
// and in a dense layer neighbouring inputs, or outputs.

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
    return kernels::fma(x, filled<Arch, T>(scale), filled<Arch, T>(shift));
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

}  // namespace detail

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
