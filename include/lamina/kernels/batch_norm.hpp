// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/reduce.hpp"

namespace lamina::kernels {

namespace detail {

template <class Arch, class T>
[[gnu::always_inline]] inline std::ptrdiff_t plane_size(plane_extents e) {
  return static_cast<std::ptrdiff_t>(e.pixels) * lanes;
}

/// Number of values, their mean and the sum of their squared distances to it.
struct moments {
  double count = 0, mean = 0, squares = 0;
};

/// Adds the moments of one block's plane: Chan, Golub, LeVeque (1983), equation 2.1.
template <class Arch, class T>
[[gnu::always_inline]] inline void merge(moments& m, double count, double mean, double squares) {
  const double total = m.count + count;
  const double distance = mean - m.mean;
  m.mean += distance * count / total;
  m.squares += squares + distance * distance * m.count * count / total;
  m.count = total;
}

/// Two passes over one plane, which the second finds in the cache.
template <class Arch, class T>
void add_plane(moments& m, const T* x, int pixels, int live) {
  alignas(64) T mask[lanes];
  for (int l = 0; l < lanes; ++l) mask[l] = l < live ? T(1) : T(0);
  const double count = static_cast<double>(pixels) * live;
  const T mean =
      static_cast<T>(sum_over_plane<Arch>(
                         pixels, x, mask, [](auto v) __attribute__((always_inline)) { return v; }) /
                     count);
  const batch<Arch, T> center(mean);
  const double shift = sum_over_plane<Arch>(
      pixels, x, mask, [&](auto v) __attribute__((always_inline)) { return v - center; });
  const double squares = sum_over_plane<Arch>(
      pixels, x,
      mask, [&](auto v) __attribute__((always_inline)) { return (v - center) * (v - center); });
  merge<Arch, T>(m, count, static_cast<double>(mean) + shift / count,
                 std::max(squares - shift * shift / count, 0.0));
}

}  // namespace detail

/// Mean and biased variance of each channel over the pixels of the live lanes of a batch of
/// `images` images.
template <class Arch = native, class T>
void batch_norm_statistics(plane_extents e, reading<T> x, int images, T* mean, T* variance,
                           range channels) {
  for (int c = channels.first; c < channels.last; ++c) {
    detail::moments m;
    for (int b = 0; b * lanes < images; ++b)
      detail::add_plane<Arch>(m, x.block(b) + c * detail::plane_size<Arch, T>(e), e.pixels,
                              std::min(lanes, images - b * lanes));
    mean[c] = static_cast<T>(m.mean);
    variance[c] = static_cast<T>(m.squares / m.count);
  }
}

/// y = scale * x + shift, one factor and one shift a channel; one block, (channel, pixel, lane);
/// y may be x.
template <class Arch = native, class T>
void scale_shift(plane_extents e, const T* x, T* y, const T* scale, const T* shift,
                 range channels) {
  const auto size = detail::plane_size<Arch, T>(e);
  for (int c = channels.first; c < channels.last; ++c) {
    const batch<Arch, T> a(scale[c]), b(shift[c]);
    for_each_register<Arch, T>(
        size, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
          put<Arch>(y + c * size + i, kernels::fma(load<Arch>(x + c * size + i), a, b));
        });
  }
}

/// dgamma = sum dy (x - mean) inverse_deviation and dbeta = sum dy of each channel, over all
/// blocks.
template <class Arch = native, class T>
void batch_norm_backward_sums(plane_extents e, reading<T> x, reading<T> dy, int blocks,
                              const T* mean, const T* inverse_deviation, T* dgamma, T* dbeta,
                              range channels) {
  const auto size = detail::plane_size<Arch, T>(e);
  for (int c = channels.first; c < channels.last; ++c) {
    const batch<Arch, T> center(mean[c]);
    double products = 0, sums = 0;
    for (int b = 0; b < blocks; ++b) {
      const auto [product, plain] = detail::sum_of_products<Arch>(e.pixels, x.block(b) + c * size,
                                                                  dy.block(b) + c * size, center);
      products += product;
      sums += plain;
    }
    dgamma[c] = static_cast<T>(products * static_cast<double>(inverse_deviation[c]));
    dbeta[c] = static_cast<T>(sums);
  }
}

/// dx = gamma inverse_deviation (dy - dbeta / n - (x - mean) inverse_deviation dgamma / n), n being
/// the images times the pixels; dead lanes of dx become zero; dx may be dy.
template <class Arch = native, class T>
void batch_norm_backward_input(plane_extents e, reading<T> x, reading<T> dy, blocked<T> dx,
                               int images, const T* mean, const T* inverse_deviation,
                               const T* gamma, const T* dgamma, const T* dbeta, range blocks,
                               range channels) {
  using vector = batch<Arch, T>;
  const auto size = detail::plane_size<Arch, T>(e);
  const T n = static_cast<T>(images) * static_cast<T>(e.pixels);
  for (int b = blocks.first; b < blocks.last; ++b) {
    alignas(64) T mask[lanes];
    for (int l = 0; l < lanes; ++l) mask[l] = b * lanes + l < images ? T(1) : T(0);
    for (int c = channels.first; c < channels.last; ++c) {
      const T a = gamma[c] * inverse_deviation[c];
      const vector factor(a), center(mean[c]), constant(-a * dbeta[c] / n);
      const vector slope(-a * inverse_deviation[c] * dgamma[c] / n);
      const T* from = x.block(b) + c * size;
      const T* gradient = dy.block(b) + c * size;
      T* to = dx.block(b) + c * size;
      for_each_register<Arch, T>(
          size, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
            const auto base = kernels::fma(slope, load<Arch>(from + i) - center, constant);
            put<Arch>(to + i, kernels::fma(factor, load<Arch>(gradient + i), base) *
                                  load<Arch>(mask + i % lanes));
          });
    }
  }
}

}  // namespace lamina::kernels
