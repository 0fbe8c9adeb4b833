// SPDX-License-Identifier: BSL-1.0
// Convolutions of all kinds for the tests of their three kernels.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>

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
  }
  f(extents(w, true, 2, 2, 1, 3), 16);
}

}  // namespace lamina::test
