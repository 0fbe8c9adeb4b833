// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>

#include "lamina/kernels/dropout.hpp"
#include "lamina/kernels/resample.hpp"
#include "lamina/kernels/simd.hpp"

/// What happens to the values of pictures: n features of one block of 16, (feature, lane), 0 black
/// to 1 white; a number of each lane says how much.
namespace lamina::kernels {

namespace detail {

template <class B>
[[gnu::always_inline]] inline B cut_to_grey(const B& x) {
  return xsimd::min(xsimd::max(x, B(0)), B(1));
}

}  // namespace detail

/// x = factor x, cut to 0 … 1.
template <class Arch = native, class T>
void brighten(int n, const std::type_identity_t<T>* factors, T* x) {
  for (int l = 0; l < lanes; l += width<Arch, T>) {
    const auto factor = load<Arch>(factors + l);
    for (int i = l; i < n * lanes; i += lanes)
      put<Arch>(x + i, detail::cut_to_grey(load<Arch>(x + i) * factor));
  }
}

/// x = mean + factor (x - mean), cut to 0 … 1; the mean is that of the lane's picture.
template <class Arch = native, class T>
void stretch(int n, const std::type_identity_t<T>* factors, T* x) {
  for (int l = 0; l < lanes; l += width<Arch, T>) {
    const auto factor = load<Arch>(factors + l);
    batch<Arch, T> sum(T(0));
    for (int i = l; i < n * lanes; i += lanes) sum += load<Arch>(x + i);
    const auto mean = sum / filled<Arch, T>(static_cast<T>(n));
    for (int i = l; i < n * lanes; i += lanes)
      put<Arch>(x + i, detail::cut_to_grey(kernels::fma(factor, load<Arch>(x + i) - mean, mean)));
  }
}

/// x = share x + (1 - share) other.
template <class Arch = native, class T>
void blend(int n, const std::type_identity_t<T>* shares, const std::type_identity_t<T>* other,
           T* x) {
  for (int l = 0; l < lanes; l += width<Arch, T>) {
    const auto share = load<Arch>(shares + l);
    for (int i = l; i < n * lanes; i += lanes) {
      const auto from = load<Arch>(other + i);
      put<Arch>(x + i, kernels::fma(share, load<Arch>(x + i) - from, from));
    }
  }
}

/// Blackens, in each lane, the `side` rows and columns around (row, column), as far as they exist.
template <class Arch = native, class T>
void cut_out(image_extents e, int side, const int* rows, const int* columns, T* x) {
  for (int l = 0; l < lanes; ++l) {
    const int top = std::max(rows[l] - side / 2, 0), left = std::max(columns[l] - side / 2, 0);
    const int bottom = std::min(rows[l] - side / 2 + side, e.height);
    const int right = std::min(columns[l] - side / 2 + side, e.width);
    for (int c = 0; c < e.channels; ++c)
      for (int y = top; y < bottom; ++y)
        for (int at = left; at < right; ++at)
          x[((std::ptrdiff_t{c} * e.height + y) * e.width + at) * lanes + l] = T(0);
  }
}

/// The strength in pixels and the deviation of the Gaussian, at most 16 pixels.
struct elastic_extents {
  double strength, deviation;
};

namespace detail {

inline constexpr int most_taps = 65;

/// Weights of a Gaussian from its middle on, cut at 4 deviations; all of them add up to `sum`.
template <class Arch, class T>
int gaussian(double deviation, double sum, T* taps) {
  const int radius = std::min(static_cast<int>(4 * deviation + 0.5), most_taps - 1);
  const auto weight = [&](int i) { return std::exp(-0.5 * i * i / (deviation * deviation)); };
  double total = 1;
  for (int i = 1; i <= radius; ++i) total += 2 * weight(i);
  for (int i = 0; i <= radius; ++i) taps[i] = static_cast<T>(sum * weight(i) / total);
  return radius;
}

/// y[i] = sum of taps[k] (x[i - k] + x[i + k]) over `count` values `step` apart; zero beyond them.
template <class Arch, class T>
void smooth(int count, std::ptrdiff_t step, const T* taps, int radius, const T* x, T* y) {
  for (int l = 0; l < lanes; l += width<Arch, T>)
    for (int i = 0; i < count; ++i) {
      auto sum = load<Arch>(x + i * step + l) * filled<Arch, T>(taps[0]);
      for (int k = 1; k <= std::min(radius, i); ++k)
        sum = kernels::fma(filled<Arch, T>(taps[k]), load<Arch>(x + (i - k) * step + l), sum);
      for (int k = 1; k <= std::min(radius, count - 1 - i); ++k)
        sum = kernels::fma(filled<Arch, T>(taps[k]), load<Arch>(x + (i + k) * step + l), sum);
      put<Arch>(y + i * step + l, sum);
    }
}

}  // namespace detail

/// Uniform noise from -1 to 1 of a plane, (pixel, lane), from a key of each lane; `first` numbers
/// the first pixel.
template <class Arch = native, class T>
void elastic_noise(int pixels, const std::uint32_t* keys, std::uint32_t first, T* x) {
  for (int i = 0; i < pixels; ++i)
    for (int l = 0; l < lanes; ++l) {
      const auto bits = dropout_hash(keys[l], first + static_cast<std::uint32_t>(i));
      x[i * lanes + l] = static_cast<T>(static_cast<std::int32_t>(bits)) * T(0x1p-31);
    }
}

/// x = strength times the noise x, (y, x, lane), smoothed along columns, then rows; `scratch` has
/// room for as much.
template <class Arch = native, class T>
void elastic_smooth(image_extents e, elastic_extents how, T* x, std::type_identity_t<T>* scratch) {
  T taps[detail::most_taps];
  int radius = detail::gaussian<Arch>(how.deviation, how.strength, taps);
  const std::ptrdiff_t row = std::ptrdiff_t{e.width} * lanes;
  for (int i = 0; i < e.width; ++i)
    detail::smooth<Arch>(e.height, row, taps, radius, x + i * lanes, scratch + i * lanes);
  radius = detail::gaussian<Arch>(how.deviation, 1, taps);
  for (int i = 0; i < e.height; ++i)
    detail::smooth<Arch>(e.width, lanes, taps, radius, scratch + i * row, x + i * row);
}

}  // namespace lamina::kernels
