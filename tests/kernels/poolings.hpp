// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/kernels/types.hpp>

#include "kernels/naive.hpp"

namespace lamina::test {

inline constexpr int channels = 3;

/// Windows that touch, overlap, leave gaps, and reach into the padding.
inline const std::vector<kernels::pool_extents>& many_extents() {
  static const std::vector<kernels::pool_extents> all{
      {channels, 4, 6, 2, 3, 2, 2, 2, 2, 0, 0}, {channels, 7, 5, 4, 3, 2, 2, 2, 2, 0, 0},
      {channels, 5, 5, 3, 3, 3, 3, 1, 1, 0, 0}, {channels, 6, 7, 3, 4, 3, 3, 2, 2, 0, 1},
      {channels, 9, 8, 3, 2, 2, 3, 3, 4, 0, 0}, {channels, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0},
      {channels, 5, 6, 5, 6, 5, 4, 1, 1, 2, 1}, {channels, 3, 3, 1, 1, 3, 3, 1, 1, 0, 0}};
  return all;
}

template <class F>
void for_each_output(const kernels::pool_extents& e, F f) {
  for (int c = 0; c < e.channels; ++c)
    for (int y = 0; y < e.out_height; ++y)
      for (int x = 0; x < e.out_width; ++x)
        for (int l = 0; l < lanes; ++l)
          f(c, y, x, ((c * e.out_height + y) * e.out_width + x) * lanes + l, l);
}

/// Calls f(index of the input value) for what one output sees.
template <class F>
void for_each_input(const kernels::pool_extents& e, int c, int y, int x, int lane, F f) {
  for (int iy = y * e.stride_height - e.pad_top;
       iy < y * e.stride_height - e.pad_top + e.window_height; ++iy)
    for (int ix = x * e.stride_width - e.pad_left;
         ix < x * e.stride_width - e.pad_left + e.window_width; ++ix)
      if (iy >= 0 && iy < e.in_height && ix >= 0 && ix < e.in_width)
        f(((c * e.in_height + iy) * e.in_width + ix) * lanes + lane);
}

struct sizes {
  explicit sizes(const kernels::pool_extents& e)
      : in(e.channels * e.in_height * e.in_width * lanes),
        out(e.channels * e.out_height * e.out_width * lanes) {}
  int in, out;
};

template <class T>
struct pooled {
  std::vector<double> y, dx;
};

/// Maxima of view(channel, x) and where their gradients go.
template <class T, class View>
pooled<T> naive_max_pool(const kernels::pool_extents& e, const array<T>& x, const array<T>& dy,
                         View view) {
  pooled<T> result{std::vector<double>(static_cast<std::size_t>(dy.size())),
                   std::vector<double>(static_cast<std::size_t>(x.size()))};
  for_each_output(e, [&](int c, int row, int column, int o, int lane) {
    std::ptrdiff_t best = -1;
    for_each_input(e, c, row, column, lane, [&](int i) {
      if (best < 0 || view(c, x[i]) > view(c, x[best])) best = i;
    });
    result.y[static_cast<std::size_t>(o)] = static_cast<double>(view(c, x[best]));
    result.dx[static_cast<std::size_t>(best)] += static_cast<double>(dy[o]);
  });
  return result;
}

template <class T>
int differences(const std::vector<double>& expected, const array<T>& got) {
  int wrong = 0;
  for (std::ptrdiff_t i = 0; i < got.size(); ++i)
    wrong += static_cast<double>(got[i]) != near<T>(expected[static_cast<std::size_t>(i)]);
  return wrong;
}

/// Small whole numbers, so that there are many ties.
template <class T>
array<T> ties(int n) {
  auto x = numbers<T>(n, 1);
  for (int i = 0; i < n; ++i) x[i] = std::round(T(2) * x[i]);
  return x;
}

}  // namespace lamina::test
