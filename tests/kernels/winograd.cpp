// SPDX-License-Identifier: BSL-1.0
#include <lamina/kernels/winograd.hpp>
#include <lamina/kernels/winograd_pool.hpp>
#include <lamina/kernels/winograd_weights.hpp>
//
#include "kernels/convolutions.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;
using kernels::native;

constexpr kernels::window<3, 3> taps;

template <class T>
array<T> packed_forward(const kernels::conv2d_extents& e, const array<T>& weights) {
  array<T> packed(static_cast<std::ptrdiff_t>(kernels::winograd_packed_size<native, T>(e)));
  const int tiles = kernels::winograd_packed_tiles<native, T>(e);
  for (int tile = tiles; tile-- > 0;)
    kernels::winograd_pack_forward(e, weights.data(), {tile, tile + 1}, packed.data());
  return packed;
}

template <class T>
array<T> scratch_of(std::size_t size) {
  return numbers<T>(static_cast<std::ptrdiff_t>(size), 9);
}

/// Calls compute(blocks, rows) for all rows of tiles, then for one at a time.
template <class Compute>
void whole_and_in_pieces(int blocks, int rows, Compute compute) {
  compute(true, range{0, blocks}, range{0, rows});
  for (int b = 0; b < blocks; ++b)
    for (int row = rows; row-- > 0;) compute(false, range{b, b + 1}, range{row, row + 1});
}

template <class T>
void check_forward(const kernels::conv2d_extents& e, int count) {
  const images<T> x(count, e.in_channels, e.in_height, e.in_width, 1);
  const auto weights = numbers<T>(e.out_channels * e.in_channels * 9, 2);
  const auto bias = numbers<T>(e.out_channels, 3);
  const auto packed = packed_forward<T>(e, weights);
  auto scratch = scratch_of<T>(kernels::winograd_scratch<native, T>(e));
  images<T> y(count, e.out_channels, e.out_height, e.out_width), pieces = y;
  whole_and_in_pieces(y.blocks, kernels::winograd_rows(e),
                      [&](bool whole, range blocks, range rows) {
                        kernels::winograd_forward(e, packed.data(), bias.data(), x.view(),
                                                  (whole ? y : pieces).view(), blocks, rows,
                                                  scratch.data(), kernels::relu{});
                      });
  CHECK(wrong_outputs(taps, e, 9, weights, bias, x, y) == 0);
  CHECK(y.values == pieces.values);
}

template <class T>
void check_input(const kernels::conv2d_extents& e, int count) {
  const auto turned = kernels::winograd_turned(e);
  const images<T> dy(count, e.out_channels, e.out_height, e.out_width, 1);
  const auto weights = numbers<T>(e.out_channels * e.in_channels * 9, 2);
  array<T> packed(static_cast<std::ptrdiff_t>(kernels::winograd_packed_size<native, T>(turned)));
  kernels::winograd_pack_backward_input(
      e, weights.data(), {0, kernels::winograd_packed_tiles<native, T>(turned)}, packed.data());
  auto scratch = scratch_of<T>(kernels::winograd_scratch<native, T>(turned));
  images<T> dx(count, e.in_channels, e.in_height, e.in_width), pieces = dx;
  whole_and_in_pieces(
      dx.blocks, kernels::winograd_rows(turned), [&](bool whole, range blocks, range rows) {
        kernels::winograd_backward_input(e, packed.data(), dy.view(), (whole ? dx : pieces).view(),
                                         blocks, rows, scratch.data());
      });
  CHECK(wrong_input_gradients(taps, e, 9, weights, dy, dx) == 0);
  CHECK(dx.values == pieces.values);
}

template <class T>
void check_weights(const kernels::conv2d_extents& e, int count) {
  images<T> dy(count, e.out_channels, e.out_height, e.out_width, 1);
  dy.clear_dead_lanes();
  const images<T> x(count, e.in_channels, e.in_height, e.in_width, 2);
  const int size = e.out_channels * e.in_channels * 9;
  array<T> dw = numbers<T>(size, 3), db = numbers<T>(e.out_channels, 4);
  array<T> du = numbers<T>(static_cast<std::ptrdiff_t>(kernels::winograd_gradient_size(e)), 5);
  array<T> pieces = numbers<T>(du.size(), 6);
  auto scratch = scratch_of<T>(kernels::winograd_weights_scratch<native, T>(e));
  const int strips = kernels::winograd_channels(e) / lanes;
  kernels::winograd_backward_positions(e, dy.view(), x.view(), x.blocks, {0, 4}, {0, strips},
                                       scratch.data(), du.data());
  for (int row = 3; row >= 0; --row)
    for (int strip = 0; strip < strips; ++strip)
      kernels::winograd_backward_positions(e, dy.view(), x.view(), x.blocks, {row, row + 1},
                                           {strip, strip + 1}, scratch.data(), pieces.data());
  CHECK(du == pieces);
  for (int o = 0; o < e.out_channels; ++o)
    kernels::winograd_finish_weights(e, static_cast<const T*>(du.data()), dy.view(), x.blocks,
                                     dw.data(), db.data(), {o, o + 1});
  CHECK(wrong_gradients(taps, e, 9, dy, x, dw, db) == 0);
}

TEST_CASE_TEMPLATE("Winograd's convolutions match a naive loop, whole or in pieces", T, float,
                   double) {
  const auto check = [](const kernels::conv2d_extents& e, int count) {
    check_forward<T>(e, count);
    check_input<T>(e, count);
    check_weights<T>(e, count);
  };
  for_many_extents(taps, check);
  // rows of tiles in several pieces: of the inputs for a megabyte, of the gradients for their width
  check(extents(taps, true, 37, 5, 19, 83), 2);
  check(extents(taps, false, 2, 3, 70, 2), 17);
  // a padding that differs between the sides
  check({3, 6, 7, 4, 6, 6, 0, 2}, 16);
}

TEST_CASE_TEMPLATE("Winograd's convolution and its pool, against each by itself", T, float,
                   double) {
  for (const bool normalised : {true, false})
    for (const int height : {6, 7}) {
      const auto e = extents(taps, true, 4, height, 9, 7);
      const int rows = (e.out_height + 1) / 2, columns = (e.out_width + 1) / 2;
      const kernels::pool_extents pool{7, e.out_height, e.out_width, rows, columns, 2, 2, 2, 2, 0,
                                       0};
      REQUIRE(kernels::winograd_takes_pool(pool));
      const kernels::conv2d_pool_extents both{e, pool};
      const images<T> x(17, 4, height, 9, 1);
      images<T> conv(17, 7, e.out_height, e.out_width), y(17, 7, rows, columns), expected = y;
      const auto packed = packed_forward<T>(e, numbers<T>(7 * 4 * 9, 2));
      const auto bias = numbers<T>(7, 3), scale = numbers<T>(7, 4), shift = numbers<T>(7, 5);
      auto scratch = scratch_of<T>(kernels::winograd_pool_scratch<native, T>(both));
      kernels::winograd_pool_forward(
          both, packed.data(), bias.data(), x.view(), y.view(), normalised ? scale.data() : nullptr,
          normalised ? shift.data() : nullptr, {0, 2}, scratch.data(), kernels::relu{});
      kernels::winograd_forward(e, packed.data(), bias.data(), x.view(), conv.view(), {0, 2},
                                {0, rows}, scratch.data(), kernels::relu{});
      for (int b = 0; b < 2; ++b) {
        const T* from = conv.view().block(b);
        if (normalised)
          kernels::scale_shift_max_pool_forward(pool, from, expected.view().block(b), scale.data(),
                                                shift.data(), {0, 7});
        else
          kernels::max_pool_forward(pool, from, expected.view().block(b), {0, 7});
      }
      CHECK(y.values == expected.values);
    }
  CHECK(!kernels::winograd_takes_pool({7, 6, 9, 3, 3, 2, 3, 2, 3, 1, 0}));
  CHECK(!kernels::winograd_takes_pool({7, 6, 9, 2, 3, 3, 3, 3, 3, 0, 0}));
}

}  // namespace
