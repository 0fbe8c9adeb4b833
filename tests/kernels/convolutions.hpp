// SPDX-License-Identifier: BSL-1.0
// Convolutions of all kinds for the tests of their three kernels.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <vector>

#include "kernels/naive.hpp"

namespace lamina::test {

/// Extents of a convolution with the padding of Keras: `same` or `valid`.
template <int KH, int KW, int SH, int SW>
kernels::conv2d_extents extents(kernels::window<KH, KW, SH, SW>, bool same, int in, int height,
                                int width, int out) {
  const auto outputs = [&](int n, int k, int s) {
    return same ? (n + s - 1) / s : (n - k) / s + 1;
  };
  const auto pad = [&](int n, int k, int s) {
    return same ? std::max((outputs(n, k, s) - 1) * s + k - n, 0) / 2 : 0;
  };
  return {in,
          height,
          width,
          out,
          outputs(height, KH, SH),
          outputs(width, KW, SW),
          pad(height, KH, SH),
          pad(width, KW, SW)};
}

/// Calls f(input y, input x, tap) for the taps of output (y, x) that fall into the image.
template <int KH, int KW, int SH, int SW, class F>
void for_each_tap(kernels::window<KH, KW, SH, SW>, const kernels::conv2d_extents& e, int y, int x,
                  F f) {
  for (int ky = 0; ky < KH; ++ky)
    for (int kx = 0; kx < KW; ++kx) {
      const int iy = y * SH + ky - e.pad_top, ix = x * SW + kx - e.pad_left;
      if (iy >= 0 && iy < e.in_height && ix >= 0 && ix < e.in_width) f(iy, ix, ky * KW + kx);
    }
}

/// Calls check(extents, images) for images of many sizes that are not smaller than the window; what
/// fails there is reported with its extents.
template <int KH, int KW, int SH, int SW, class Check>
void for_many_extents(kernels::window<KH, KW, SH, SW> w, Check check) {
  const auto f = [&](kernels::conv2d_extents e, int images) {
    CAPTURE(e.in_channels);
    CAPTURE(e.in_height);
    CAPTURE(e.in_width);
    CAPTURE(e.out_channels);
    check(e, images);
  };
  for (const bool same : {true, false}) {
    f(extents(w, same, 1, KH, KW, 1), 1);
    f(extents(w, same, 2, KH + 1, KW + 6, 13), 3);
    f(extents(w, same, 3, KH + 5, KW + 5, 4), 33);
    f(extents(w, same, 31, KH + 2, KW + 3, 5), 17);
    f(extents(w, same, 2, KH + 1, KW + 12, 6), 16);
  }
  f(extents(w, true, 2, 2, 1, 3), 16);
}

/// Outputs of relu(convolution + bias) that are not what a naive loop in double gives.
template <class T, class Window>
int wrong_outputs(Window w, const kernels::conv2d_extents& e, int taps, const array<T>& weights,
                  const array<T>& bias, const images<T>& x, const images<T>& y) {
  int wrong = 0;
  y.for_each([&](int image, int o, int row, int column) {
    expected_sum sum{static_cast<double>(bias[o]), 1};
    for (int i = 0; i < e.in_channels; ++i)
      for_each_tap(w, e, row, column, [&](int iy, int ix, int tap) {
        sum.add(static_cast<double>(weights[(o * e.in_channels + i) * taps + tap]) *
                static_cast<double>(x.at(image, i, iy, ix)));
      });
    sum.value = std::max(sum.value, 0.0);
    wrong += !sum.matches(y.at(image, o, row, column));
  });
  return wrong;
}

/// The same of the gradient of the input, scattered from each output to the inputs that it saw.
template <class T, class Window>
int wrong_input_gradients(Window w, const kernels::conv2d_extents& e, int taps,
                          const array<T>& weights, const images<T>& dy, const images<T>& dx) {
  std::vector<expected_sum> sums(static_cast<std::size_t>(dx.values.size()));
  dy.for_each([&](int image, int o, int row, int column) {
    const double gradient = static_cast<double>(dy.at(image, o, row, column));
    for_each_tap(w, e, row, column, [&](int iy, int ix, int tap) {
      for (int i = 0; i < e.in_channels; ++i)
        sums[static_cast<std::size_t>(dx.index(image, i, iy, ix))].add(
            gradient * static_cast<double>(weights[(o * e.in_channels + i) * taps + tap]));
    });
  });
  int wrong = 0;
  dx.for_each([&](int image, int i, int row, int column) {
    const auto index = dx.index(image, i, row, column);
    wrong += !sums[static_cast<std::size_t>(index)].matches(dx.values[index]);
  });
  return wrong;
}

/// The same of the gradients of weights and bias.
template <class T, class Window>
int wrong_gradients(Window w, const kernels::conv2d_extents& e, int taps, const images<T>& dy,
                    const images<T>& x, const array<T>& dw, const array<T>& db) {
  std::vector<expected_sum> weights(static_cast<std::size_t>(dw.size()));
  std::vector<expected_sum> bias(static_cast<std::size_t>(db.size()));
  dy.for_each([&](int image, int o, int row, int column) {
    const double gradient = static_cast<double>(dy.at(image, o, row, column));
    bias[static_cast<std::size_t>(o)].add(gradient);
    for_each_tap(w, e, row, column, [&](int iy, int ix, int tap) {
      for (int i = 0; i < e.in_channels; ++i)
        weights[static_cast<std::size_t>((o * e.in_channels + i) * taps + tap)].add(
            gradient * static_cast<double>(x.at(image, i, iy, ix)));
    });
  });
  int wrong = 0;
  for (std::ptrdiff_t i = 0; i < dw.size(); ++i)
    wrong += !weights[static_cast<std::size_t>(i)].matches(dw[i]);
  for (std::ptrdiff_t i = 0; i < db.size(); ++i)
    wrong += !bias[static_cast<std::size_t>(i)].matches(db[i]);
  return wrong;
}

}  // namespace lamina::test
