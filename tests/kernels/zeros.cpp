// SPDX-License-Identifier: BSL-1.0
// Dense layers on images that are zero in places, against the same kernels that know of no zeros.
#include <lamina/kernels/dense_zeros.hpp>
//
#include <lamina/kernels/dense_weights.hpp>
#include <lamina/kernels/layout.hpp>

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/naive.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;
using kernels::nonzero_places;

enum class zeros { none, scattered, border, in_one_block, all };

/// Whether this feature of this image is zero.
bool is_zero(zeros where, int image, int i, int features) {
  switch (where) {
    case zeros::none:
      return false;
    case zeros::scattered:
      return (image * 7 + i * 5) % 3 != 0;
    case zeros::border:
      return i < features / 3 || (i / 20 + image) % 4 == 0;
    case zeros::in_one_block:
      return image < lanes && i % 4 != 0;
    case zeros::all:
      return true;
  }
  return false;
}

template <class T>
struct pictures {
  images<T> x;
  std::vector<std::uint16_t> places;

  pictures(int count, int features, zeros where)
      : x(count, features, 1, 1, 1),
        places(static_cast<std::size_t>(nonzero_places::size(features) * x.blocks)) {
    for (int image = 0; image < x.blocks * lanes; ++image)
      for (int i = 0; i < features; ++i)
        if (image >= count || is_zero(where, image, i, features)) x.at(image, i) = T(0);
    for (int b = 0; b < x.blocks; ++b)
      kernels::find_nonzero(features, std::as_const(x).view().block(b),
                            places.data() + b * nonzero_places::size(features));
  }

  nonzero_places nonzero() const { return {places.data(), x.channels}; }
};

template <class T>
void check_forward(kernels::dense_extents e, const pictures<T>& of) {
  const auto weights = numbers<T>(e.in * e.out, 2), bias = numbers<T>(e.out, 3);
  images<T> expected(of.x.count, e.out, 1, 1), found = expected, pieces = expected;
  const auto forward = [&](images<T>& y, range blocks, range outputs, auto... places) {
    kernels::dense_forward(e, weights.data(), bias.data(), of.x.view(), y.view(), blocks, outputs,
                           kernels::relu{}, places...);
  };
  const range blocks{0, expected.blocks};
  forward(expected, blocks, {0, e.out});
  forward(found, blocks, {0, e.out}, of.nonzero());
  CHECK(found.values == expected.values);
  for (int b = 0; b < expected.blocks; ++b)
    for (int o = 0; o < e.out; o += 25)
      forward(pieces, {b, b + 1}, {o, std::min(o + 25, e.out)}, of.nonzero());
  CHECK(pieces.values == expected.values);
  forward(found, blocks, {0, e.out}, nonzero_places{});
  CHECK(found.values == expected.values);
}

template <class T>
void check_weights(kernels::dense_extents e, const pictures<T>& of) {
  images<T> dy(of.x.count, e.out, 1, 1, 4), xt(of.x.count, (e.in + 15) / 16 * 16, 1, 1);
  dy.clear_dead_lanes();
  for (int b = 0; b < xt.blocks; ++b)
    kernels::transpose_block(e.in, of.x.view().block(b), xt.view().block(b));
  array<T> expected(e.in * e.out), found(e.in * e.out), db(e.out);
  const auto gradient = [&](array<T>& dw, auto... places) {
    kernels::dense_backward_weights(e, dy.view(), xt.view(), xt.blocks, dw.data(), db.data(),
                                    {0, e.out}, places...);
  };
  gradient(expected);
  gradient(found, of.nonzero());
  CHECK(found == expected);
}

TEST_CASE_TEMPLATE("places of what is not zero in a block", T, float, double) {
  for (const int n : {1, 15, 16, 17, 100}) {
    images<T> x(16, n, 1, 1, 5);
    for (int i = 0; i < n; ++i)
      for (int image = 0; image < lanes; ++image)
        if (i % 3 == 1 || (i * 3 + image * image) % 5 < 3)
          x.at(image, i) = image % 2 == 0 ? T(0) : -T(0);
    x.at(3, n - 1) = std::numeric_limits<T>::quiet_NaN();
    x.at(4, 0) = std::numeric_limits<T>::denorm_min();
    std::vector<std::uint16_t> places(static_cast<std::size_t>(nonzero_places::size(n)));
    kernels::find_nonzero(n, std::as_const(x).view().block(0), places.data());
    const nonzero_places found{places.data(), n};
    std::vector<std::uint16_t> features, strips;
    for (int i = 0; i < n; ++i) {
      unsigned bits = 0;
      for (int image = 0; image < lanes; ++image)
        bits |= (x.at(image, i) == T(0) ? 0u : 1u) << image;
      if (bits != 0) features.push_back(static_cast<std::uint16_t>(i));
      if (i % lanes == 0) strips.push_back(0);
      strips.back() = static_cast<std::uint16_t>(strips.back() | bits);
    }
    const auto listed = static_cast<std::size_t>(found.count(0));
    CHECK(std::vector(found.list(0), found.list(0) + listed) == features);
    CHECK(std::vector(found.strips(0), found.strips(0) + strips.size()) == strips);
  }
}

TEST_CASE_TEMPLATE("terms that are zero are left out to the same bits", T, float, double) {
  for (const zeros where :
       {zeros::none, zeros::scattered, zeros::border, zeros::in_one_block, zeros::all})
    for (const int count : {1, 16, 33, 100}) {
      CAPTURE(static_cast<int>(where));
      CAPTURE(count);
      for (const kernels::dense_extents e : {kernels::dense_extents{1, 1}, {17, 3}, {100, 61}}) {
        const pictures<T> of(count, e.in, where);
        check_forward(e, of);
        check_weights(e, of);
      }
      if (count == 33) {
        const kernels::dense_extents in_pieces{900, 50};  // of the sums
        const pictures<T> of(count, in_pieces.in, where);
        check_forward(in_pieces, of);
        check_weights(in_pieces, of);
      }
    }
}

TEST_CASE("what is zero is not read: no number that is not finite comes of it") {
  constexpr kernels::dense_extents e{64, 48};
  const float infinite = std::numeric_limits<float>::infinity();
  const pictures<float> of(32, e.in, zeros::border);
  auto weights = numbers<float>(e.in * e.out, 2);
  const auto finite = weights;
  for (int o = 0; o < e.out; ++o) weights[o * e.in] = infinite;  // of a pixel that all lack
  images<float> y(32, e.out, 1, 1), expected = y;
  kernels::dense_forward(e, weights.data(), static_cast<const float*>(nullptr), of.x.view(),
                         y.view(), {0, 2}, {0, e.out}, kernels::identity{}, of.nonzero());
  kernels::dense_forward(e, finite.data(), static_cast<const float*>(nullptr), of.x.view(),
                         expected.view(), {0, 2}, {0, e.out}, kernels::identity{});
  CHECK(y.values == expected.values);

  images<float> dy(32, e.out, 1, 1, 4), xt(32, e.in, 1, 1);
  for (int b = 0; b < xt.blocks; ++b)
    kernels::transpose_block(e.in, of.x.view().block(b), xt.view().block(b));
  // the second image lacks the strips of the first 21 pixels
  for (int o = 0; o < e.out; ++o) dy.at(1, o) = infinite;
  array<float> dw(e.in * e.out), db(e.out);
  kernels::dense_backward_weights(e, dy.view(), xt.view(), xt.blocks, dw.data(), db.data(),
                                  {0, e.out}, of.nonzero());
  CHECK(std::isfinite(dw[0]));
  CHECK_FALSE(std::isfinite(dw[e.in - 1]));
}

}  // namespace
