// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_pool.hpp"
#include "lamina/kernels/winograd.hpp"

namespace lamina::kernels {

/// Whether the windows of a pool lie in rows of tiles: then winograd_pool_forward can take both.
[[gnu::always_inline]] constexpr bool winograd_takes_pool(const pool_extents& e) {
  return e.window_height == 2 && e.stride_height == 2 && e.pad_top == 0;
}

/// Elements of the scratch memory of winograd_pool_forward, aligned to 64 bytes.
template <class Arch, class T>
constexpr std::size_t winograd_pool_scratch(const conv2d_pool_extents& e) {
  return winograd_scratch<Arch, T>(e.product) +
         static_cast<std::size_t>(2 * lanes * e.product.out_width * e.product.out_channels);
}

/// y = the max-pooling of scale * activation(convolution of x + bias) + shift, a row of tiles after
/// the other; the pool must be one that winograd_takes_pool.
template <class Arch = native, class T, class Activation>
void winograd_pool_forward(const conv2d_pool_extents& e,
                           const T* packed,                 // by winograd_pack_forward
                           const T* bias,                   // (out), null: zeros
                           reading<T> x, blocked<T> y,      // (block, channel, y, x, lane)
                           const T* scale, const T* shift,  // (out), both null: no normalisation
                           range blocks, T* scratch, Activation activation) {
  const detail::winograd_product<T> p{packed, bias, e.product};
  const pool_extents& pool = e.pool;
  const std::ptrdiff_t row_size = std::ptrdiff_t{pool.in_width} * lanes;
  const std::ptrdiff_t y_row = std::ptrdiff_t{pool.out_width} * lanes;
  T* const band = scratch + winograd_scratch<Arch, T>(e.product);
  for (int b = blocks.first; b < blocks.last; ++b)
    for (int row = 0; row < pool.out_height; ++row) {
      detail::winograd_row<Arch>(p, x.block(b), row, {band, 2 * row_size, row_size}, scratch,
                                 activation);
      const pool_extents plane =
          detail::pool_of_a_band(pool, std::min(2, pool.in_height - 2 * row));
      for (int o = 0; o < e.product.out_channels; ++o)
        detail::pool_channel<Arch>(
            plane, static_cast<const T*>(band + 2 * o * row_size), scale, shift, o,
            y.block(b) + (std::ptrdiff_t{o} * pool.out_height + row) * y_row);
    }
}

}  // namespace lamina::kernels
