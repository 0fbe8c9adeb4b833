// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/pool.hpp>
//
#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

constexpr int channels = 3;

/// Windows that touch, overlap, leave gaps, and reach into the padding.
const std::vector<kernels::pool_extents>& many_extents() {
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

TEST_CASE_TEMPLATE("max-pooling: the first of equal values wins", T, float, double) {
  for (const auto& e : many_extents()) {
    const sizes size(e);
    const auto x = ties<T>(size.in), dy = numbers<T>(size.out, 2);
    array<T> y(size.out), dx = numbers<T>(size.in, 3);
    for (const range part : {range{0, 1}, range{1, channels}}) {
      kernels::max_pool_forward(e, x.data(), y.data(), part);
      kernels::max_pool_backward(e, x.data(), dy.data(), dx.data(), part);
    }
    const auto expected = naive_max_pool(e, x, dy, [](int, T v) { return v; });
    CHECK(differences(expected.y, y) == 0);
    CHECK(differences(expected.dx, dx) == 0);
  }
}

TEST_CASE_TEMPLATE("max-pooling of a normalised plane, scales of both signs", T, float, double) {
  array<T> scale(channels), shift(channels);
  scale[0] = T(0.5), scale[1] = T(-2), scale[2] = T(0);
  shift[0] = T(1), shift[1] = T(-3), shift[2] = T(0.25);
  for (const auto& e : many_extents()) {
    const sizes size(e);
    const auto x = ties<T>(size.in), dy = numbers<T>(size.out, 2);
    array<T> y(size.out), dx = numbers<T>(size.in, 3);
    kernels::scale_shift_max_pool_forward(e, x.data(), y.data(), scale.data(), shift.data(),
                                          {0, channels});
    kernels::scale_shift_max_pool_backward(e, x.data(), scale.data(), shift.data(), dy.data(),
                                           dx.data(), {0, channels});
    const auto expected =
        naive_max_pool(e, x, dy, [&](int c, T v) { return scale[c] * v + shift[c]; });
    CHECK(differences(expected.y, y) == 0);
    CHECK(differences(expected.dx, dx) == 0);
  }
}

TEST_CASE_TEMPLATE("average pooling leaves the padding out", T, float, double) {
  for (const auto& e : many_extents()) {
    const sizes size(e);
    const auto x = numbers<T>(size.in, 1), dy = numbers<T>(size.out, 2);
    array<T> y(size.out), dx = numbers<T>(size.in, 3);
    kernels::average_pool_forward(e, x.data(), y.data(), {0, channels});
    kernels::average_pool_backward(e, x.data(), dy.data(), dx.data(), {0, channels});
    std::vector<double> mean(static_cast<std::size_t>(size.out));
    std::vector<double> gradient(static_cast<std::size_t>(size.in));
    for_each_output(e, [&](int c, int row, int column, int o, int lane) {
      int n = 0;
      for_each_input(e, c, row, column, lane, [&](int) { ++n; });
      for_each_input(e, c, row, column, lane, [&](int i) {
        mean[static_cast<std::size_t>(o)] += static_cast<double>(x[i]) / n;
        gradient[static_cast<std::size_t>(i)] += static_cast<double>(dy[o]) / n;
      });
    });
    CHECK(differences(mean, y) == 0);
    CHECK(differences(gradient, dx) == 0);
  }
}

}  // namespace
