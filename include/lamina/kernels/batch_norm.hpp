// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/activation.hpp"
#include "lamina/kernels/reduce.hpp"
#include "lamina/kernels/simd.hpp"

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

/// The moments of two sets together: Chan, Golub, LeVeque (1983), equation 2.1.
template <class Arch>
[[gnu::always_inline]] inline moments together(const moments& a, const moments& b) {
  const double count = a.count + b.count, distance = b.mean - a.mean;
  return {count, a.mean + distance * b.count / count,
          a.squares + b.squares + distance * distance * a.count * b.count / count};
}

/// The moments of a plane from the sums of its pixels' distances, and of their squares, to a value
/// that each lane has of its own and whose share in the variance bounds what the shift loses.
template <class Arch, class T>
moments moments_of(const lane_sums& sums, const T* pivots, int pixels, int live) {
  double means[lanes], total = 0, squares = 0;
  for (int l = 0; l < live; ++l) {
    const double mean = sums.first[l] / pixels;
    means[l] = static_cast<double>(pivots[l]) + mean;
    total += means[l];
    squares += std::max(sums.second[l] - sums.first[l] * mean, 0.0);
  }
  const double mean = total / live;
  for (int l = 0; l < live; ++l) squares += pixels * (means[l] - mean) * (means[l] - mean);
  return {static_cast<double>(pixels) * live, mean, squares};
}

/// Adds the distances of some pixels to the pivots (lane), and their squares.
template <class Arch, class T>
[[gnu::noinline]] void add_distances(lane_sums& sums, const T* x, int pixels, const T* pivots) {
  add_plane<Arch, T>(
      sums, pixels, [&](int i, auto& first, auto& second) __attribute__((always_inline)) {
        const auto distance = load<Arch>(x + i) - load<Arch>(pivots + i % lanes);
        first += distance;
        second = kernels::fma(distance, distance, second);
      });
}

/// One pass over one plane.
template <class Arch, class T>
moments plane_moments(const T* x, int pixels, int live) {
  lane_sums sums;
  add_distances<Arch>(sums, x, pixels, x);
  return moments_of<Arch>(sums, x, pixels, live);
}

/// The gradient at the input x of one channel, dy being the one at its output: factor * dy + slope
/// * (x - center) + constant in the live lanes, zero in the others.
template <class Arch, class T>
struct normalisation_gradient {
  batch<Arch, T> factor, slope, center, constant;
  const T* mask;  // (lane), 1 or 0

  [[gnu::always_inline]] batch<Arch, T> operator()(const batch<Arch, T>& x,
                                                   const batch<Arch, T>& dy, int lane) const {
    const auto base = kernels::fma(slope, x - center, constant);
    return kernels::fma(factor, dy, base) * load<Arch>(mask + lane);
  }
};

/// dgamma and dbeta of one channel from the sums of (x - mean) dy and of dy.
template <class Arch, class T>
void sums_to_gradients(const lane_sums& sums, T inverse_deviation, T& dgamma, T& dbeta) {
  double products = 0, plain = 0;
  for (int l = 0; l < lanes; ++l) products += sums.first[l], plain += sums.second[l];
  dgamma = static_cast<T>(products * static_cast<double>(inverse_deviation));
  dbeta = static_cast<T>(plain);
}

/// What a normalisation's backward pass reads, a value a channel, and the number of values that
/// each statistic is of.
template <class T>
struct normalisation_backward {
  const T *mean, *inverse_deviation, *gamma, *dgamma, *dbeta;
  T count;
};

template <class Arch, class T>
[[gnu::always_inline]] inline normalisation_gradient<Arch, T> gradient_of_channel(
    const normalisation_backward<T>& of, int c, const T* mask) {
  using vector = batch<Arch, T>;
  const T a = of.gamma[c] * of.inverse_deviation[c];
  return {vector(a), vector(-a * of.inverse_deviation[c] * of.dgamma[c] / of.count),
          vector(of.mean[c]), vector(-a * of.dbeta[c] / of.count), mask};
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
      m = detail::together<Arch>(
          m, detail::plane_moments<Arch>(x.block(b) + c * detail::plane_size<Arch, T>(e), e.pixels,
                                         std::min(lanes, images - b * lanes)));
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
    detail::lane_sums sums;
    for (int b = 0; b < blocks; ++b) {
      const T* from = x.block(b) + c * size;
      const T* gradient = dy.block(b) + c * size;
      detail::add_plane<Arch, T>(
          sums, e.pixels, [&](int i, auto& product, auto& plain) __attribute__((always_inline)) {
            const auto g = load<Arch>(gradient + i);
            product = kernels::fma(load<Arch>(from + i) - center, g, product);
            plain += g;
          });
    }
    detail::sums_to_gradients<Arch>(sums, inverse_deviation[c], dgamma[c], dbeta[c]);
  }
}

/// dx = gamma inverse_deviation (dy - dbeta / n - (x - mean) inverse_deviation dgamma / n), n being
/// the images times the pixels, and then the gradient of `before`, the activation whose output x
/// is. Dead lanes of dx become zero; dx may be dy.
template <class Arch = native, class T, class Before = identity>
void batch_norm_backward_input(plane_extents e, reading<T> x, reading<T> dy, blocked<T> dx,
                               int images, const T* mean, const T* inverse_deviation,
                               const T* gamma, const T* dgamma, const T* dbeta, range blocks,
                               range channels, Before before = {}) {
  const auto size = detail::plane_size<Arch, T>(e);
  const detail::normalisation_backward<T> of{
      mean,  inverse_deviation,
      gamma, dgamma,
      dbeta, static_cast<T>(images) * static_cast<T>(e.pixels)};
  for (int b = blocks.first; b < blocks.last; ++b) {
    alignas(64) T mask[lanes];
    mark_live_lanes<Arch>(mask, images - b * lanes);
    for (int c = channels.first; c < channels.last; ++c) {
      const auto gradient = detail::gradient_of_channel<Arch, T>(of, c, mask);
      const T* from = x.block(b) + c * size;
      const T* above = dy.block(b) + c * size;
      T* to = dx.block(b) + c * size;
      for_each_register<Arch, T>(
          size, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
            const auto input = load<Arch>(from + i);
            const auto dx_here =
                gradient(input, load<Arch>(above + i), static_cast<int>(i % lanes));
            put<Arch>(to + i, before.gradient(input, dx_here));
          });
    }
  }
}

}  // namespace lamina::kernels
