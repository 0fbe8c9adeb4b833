// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/conv2d_weights.hpp"
#include "lamina/kernels/normalised_pool.hpp"

namespace lamina::kernels {

// A convolution, its activation, a normalisation and a max-pooling as one. A band of the
// convolution's rows, those that one row of the pool sees, stays in the first cache; the whole
// output is never stored. Training keeps what the pool takes of it, a pixel a window: a
// normalisation changes no order but by its sign, so that pixel is known before the statistics are,
// and the normalisation and its sums pass over those pixels alone. The gradient of the weights
// computes the convolution anew: for a few terms a sum that is cheaper than memory.

/// The pool sees the convolution's output, and each pixel of it once (`pools_each_pixel_once`).
struct conv2d_pool_extents {
  conv2d_extents product;
  pool_extents pool;
};

/// Most terms of a sum (input channels x taps) in conv2d_pool_backward_weights.
inline constexpr int conv2d_pool_terms = 16;

/// Elements of the scratch memory that each of these kernels needs, aligned to 64 bytes.
template <class Arch, class T>
constexpr std::size_t conv2d_pool_scratch(const conv2d_pool_extents& e) {
  return static_cast<std::size_t>(conv2d_output_tile<Arch, T>) *
         static_cast<std::size_t>(e.pool.window_height) *
         static_cast<std::size_t>(e.product.out_width) * lanes;
}

/// What the convolution is computed from.
template <class T>
struct conv2d_pool_operands {
  conv2d_pool_extents e;
  const T* packed;  // by conv2d_pack_forward
  const T* bias;    // (out), null: zeros
  T* scratch;       // conv2d_pool_scratch
};

namespace detail {

/// A band: rows of the convolution for the outputs of a tile, at scratch + output * channel.
struct conv2d_pool_band {
  int row;            // of the pool
  range rows;         // of the convolution
  pool_extents pool;  // of one channel of the band
  std::ptrdiff_t channel;
};

/// The pool of one channel of a band of so many rows.
[[gnu::always_inline]] constexpr pool_extents pool_of_a_band(const pool_extents& pool, int height) {
  return {1,
          height,
          pool.in_width,
          1,
          pool.out_width,
          height,
          pool.window_width,
          height,
          pool.stride_width,
          0,
          pool.pad_left};
}

/// y = the max-pooling of scale * plane + shift of one channel; null: no normalisation.
template <class Arch, class T>
[[gnu::always_inline]] inline void pool_channel(const pool_extents& e, const T* plane,
                                                const T* scale, const T* shift, int channel, T* y) {
  if (scale == nullptr)
    max_pool_plane<Arch>(e, plane, y, as_is<Arch, T>{});
  else
    max_pool_plane<Arch>(
        e, plane, y,
        scaled<Arch, T>{filled<Arch, T>(scale[channel]), filled<Arch, T>(shift[channel])});
}

/// Computes the bands of the given rows of the pool, of the outputs first <= o < last of one tile
/// from one block of x, and calls use(band) for each.
template <class Arch, int KH, int KW, int SH, int SW, class T, class Activation, class Use>
[[gnu::always_inline]] inline void for_each_band(window<KH, KW, SH, SW>,
                                                 const conv2d_pool_operands<T>& from, const T* x,
                                                 range pool_rows, int first, int last,
                                                 Activation activation, Use&& use) {
  const pool_extents& pool = from.e.pool;
  const conv2d_product<T> product{from.packed, from.bias, from.e.product};
  const std::ptrdiff_t row_size = pool.in_width * lanes;
  const std::ptrdiff_t channel = pool.window_height * row_size;
  for (int row = pool_rows.first; row < pool_rows.last; ++row) {
    const int top = row * pool.stride_height - pool.pad_top;
    const range rows{std::max(top, 0), std::min(top + pool.window_height, pool.in_height)};
    for (int r = rows.first; r < rows.last; ++r)
      conv2d_row_of_tile<Arch, KH, KW, SH, SW>(product, x,
                                               from.scratch + (r - rows.first) * row_size, channel,
                                               r, first, last, activation);
    const int height = rows.last - rows.first;
    use(conv2d_pool_band{row, rows, pool_of_a_band(pool, height), channel});
  }
}

/// Calls f(first, last) for each tile of the outputs.
template <class Arch, class T, class F>
[[gnu::always_inline]] inline void for_each_output_tile(range outputs, F&& f) {
  for (int o = outputs.first; o < outputs.last; o += conv2d_output_tile<Arch, T>)
    f(o, std::min(o + conv2d_output_tile<Arch, T>, outputs.last));
}

/// Adds up one channel of a band, and takes the largest value of each window, or the smallest.
template <class Arch, class T>
[[gnu::always_inline]] inline void sum_and_pool_band(const conv2d_pool_band& band, lane_sums& sums,
                                                     const T* plane, const T* pivots, T* taken,
                                                     bool smallest) {
  with_side(band.pool, [&](auto side) {
    constexpr int of = decltype(side)::value;
    if (smallest)
      add_distances_and_pool<Arch, of>(sums, band.pool, plane, pivots, taken, negated<Arch, T>{});
    else
      add_distances_and_pool<Arch, of>(sums, band.pool, plane, pivots, taken, as_is<Arch, T>{});
  });
}

/// One channel of a band of the convolution's output becomes its gradient; the sum of that.
template <class Arch, class T, class Activation>
double unpool_band(const conv2d_pool_band& band, T* plane, const T* taken, const T* dy,
                   const masked_gradient<T>& gradient, Activation activation) {
  double sum = 0;
  with_side(band.pool, [&](auto side) {
    sum = static_cast<double>(unpool_taken<Arch, decltype(side)::value>(band.pool, plane, taken, dy,
                                                                        gradient, activation));
  });
  return sum;
}

/// Outputs whose weights' sums are held in registers together.
template <class Arch, class T, int KW>
inline constexpr int conv2d_pool_tile = std::min(conv2d_output_tile<Arch, T>,
                                                 conv2d_weights_tile<Arch, T, KW>::outputs);

/// Calls f(constant, first) for parts of a tile's outputs: all of them, those that it lacks as
/// well, where registers hold so many sums, else `Outputs` at a time, then two and one.
template <int Outputs, int All, class F>
[[gnu::always_inline]] inline void for_each_part(int outputs, F&& f) {
  if constexpr (Outputs == All) {
    f(std::integral_constant<int, All>{}, 0);
  } else {
    int o = 0;
    const auto parts_of = [&](auto size) __attribute__((always_inline)) {
      for (; o + size <= outputs; o += size) f(size, o);
    };
    parts_of(std::integral_constant<int, Outputs>{});
    if constexpr (Outputs > 2) parts_of(std::integral_constant<int, 2>{});
    if constexpr (Outputs > 1) parts_of(std::integral_constant<int, 1>{});
  }
}

/// Adds what one band adds to the sums (part of the outputs, term, output, lane) of the weights,
/// the band holding the gradient of the convolution's output now.
template <class Arch, int KH, int KW, int SH, int SW, class T>
void add_band_weights(window<KH, KW, SH, SW>, const conv2d_extents& e, const T* gradient,
                      const conv2d_pool_band& band, const T* x, int outputs, T* sums) {
  const int terms = e.in_channels * KH * KW;
  for_each_part<conv2d_pool_tile<Arch, T, KW>, conv2d_output_tile<Arch, T>>(
      outputs, [&](auto part, int o) {
        constexpr int some = decltype(part)::value;
        const conv2d_band<T> rows{gradient + o * band.channel, band.channel, band.rows};
        conv2d_weights_add<Arch, true, some, KH, KW, SH, SW>(e, rows, x, {0, e.in_channels}, sums);
        conv2d_weights_add<Arch, false, some, KH, KW, SH, SW>(e, rows, x, {0, e.in_channels}, sums);
        sums += some * terms * width<Arch, T>;
      });
}

template <class Arch, int KH, int KW, int SH, int SW, class T>
void finish_band_weights(window<KH, KW, SH, SW>, const T* sums, int outputs, int terms, T* dw) {
  for_each_part<conv2d_pool_tile<Arch, T, KW>, conv2d_output_tile<Arch, T>>(
      outputs, [&](auto part, int o) {
        for (int k = 0; k < terms; ++k)
          for (int i = o; i < o + part; ++i, sums += width<Arch, T>)
            if (i < outputs) dw[i * terms + k] = kernels::sum(load<Arch>(sums));
      });
}

}  // namespace detail

/// Mean and biased variance of each output over the live lanes of `images` images, and what a
/// normalisation with this gamma lets the pool take of each window: its largest value, or its
/// smallest where gamma is negative.
template <class Arch = native, int KH, int KW, int SH, int SW, class T, class Activation>
void conv2d_pool_statistics(window<KH, KW, SH, SW> taps, const conv2d_pool_operands<T>& from,
                            reading<T> x, int images, const T* gamma, blocked<T> pooled, T* mean,
                            T* variance, range outputs, Activation activation) {
  constexpr int most = conv2d_output_tile<Arch, T>;
  const int pixels = from.e.pool.in_height * from.e.pool.in_width;
  const std::ptrdiff_t row = from.e.pool.out_width * lanes, plane = row * from.e.pool.out_height;
  detail::for_each_output_tile<Arch, T>(outputs, [&](int first, int last) {
    detail::moments moments[most];
    for (int b = 0; b * lanes < images; ++b) {
      detail::lane_sums sums[most];
      alignas(64) T pivots[most][lanes];
      detail::for_each_band<Arch>(taps, from, x.block(b), {0, from.e.pool.out_height}, first, last,
                                  activation, [&](const detail::conv2d_pool_band& band) {
                                    for (int o = 0; o < last - first; ++o) {
                                      const T* y = from.scratch + o * band.channel;
                                      if (band.row == 0)
                                        for (int l = 0; l < lanes; ++l) pivots[o][l] = y[l];
                                      detail::sum_and_pool_band<Arch>(
                                          band, sums[o], y, pivots[o],
                                          pooled.block(b) + (first + o) * plane + band.row * row,
                                          gamma[first + o] < T(0));
                                    }
                                  });
      for (int o = 0; o < last - first; ++o)
        moments[o] = detail::together<Arch>(
            moments[o], detail::moments_of<Arch>(sums[o], pivots[o], pixels,
                                                 std::min(lanes, images - b * lanes)));
    }
    for (int o = 0; o < last - first; ++o) {
      mean[first + o] = static_cast<T>(moments[o].mean);
      variance[first + o] = static_cast<T>(moments[o].squares / moments[o].count);
    }
  });
}

/// y = the max-pooling of scale * activation(convolution) + shift.
template <class Arch = native, int KH, int KW, int SH, int SW, class T, class Activation>
void conv2d_pool_forward(window<KH, KW, SH, SW> taps, const conv2d_pool_operands<T>& from,
                         reading<T> x, blocked<T> y, const T* scale,
                         const T* shift,  // (out), both null: no normalisation
                         range blocks, range outputs, Activation activation) {
  const std::ptrdiff_t y_row = from.e.pool.out_width * lanes;
  const std::ptrdiff_t y_channel = y_row * from.e.pool.out_height;
  const auto tiles_of = [&](int b, range rows) {
    detail::for_each_output_tile<Arch, T>(outputs, [&](int first, int last) {
      detail::for_each_band<Arch>(
          taps, from, x.block(b), rows, first, last, activation,
          [&](const detail::conv2d_pool_band& band) {
            for (int o = 0; o < last - first; ++o)
              detail::pool_channel<Arch>(
                  band.pool, static_cast<const T*>(from.scratch + o * band.channel), scale, shift,
                  first + o, y.block(b) + (first + o) * y_channel + band.row * y_row);
          });
    });
  };
  const int height = from.e.pool.out_height;
  const int together = detail::conv2d_goes_by_tile<T>(from.e.product) ? height : 1;
  for (int b = blocks.first; b < blocks.last; ++b)
    for (int row = 0; row < height; row += together) tiles_of(b, {row, row + together});
}

/// dw and db of the convolution from the gradient dy of the pool's output, all blocks; `taken` is
/// what conv2d_pool_statistics took, dgamma and dbeta are those that batch_norm_backward_sums makes
/// of it. At most conv2d_pool_terms terms a sum.
template <class Arch = native, int KH, int KW, int SH, int SW, class T, class Activation>
void conv2d_pool_backward_weights(window<KH, KW, SH, SW> taps, const conv2d_pool_operands<T>& from,
                                  reading<T> x, reading<T> taken, reading<T> dy, int images,
                                  const T* mean, const T* inverse_deviation, const T* gamma,
                                  const T* dgamma, const T* dbeta, T* dw, T* db, range outputs,
                                  Activation activation) {
  constexpr int most = conv2d_output_tile<Arch, T>, w = width<Arch, T>;
  const conv2d_extents& e = from.e.product;
  const std::ptrdiff_t dy_row = from.e.pool.out_width * lanes;
  const std::ptrdiff_t dy_channel = dy_row * from.e.pool.out_height;
  const int terms = e.in_channels * KH * KW;
  const detail::normalisation_backward<T> of{
      mean,  inverse_deviation,
      gamma, dgamma,
      dbeta, static_cast<T>(images) * static_cast<T>(e.out_height * e.out_width)};
  for (int first = outputs.first; first < outputs.last; first += most) {
    const int last = std::min(first + most, outputs.last);
    alignas(64) T sums[most * conv2d_pool_terms * w] = {};
    double biases[most] = {};
    for (int b = 0; b * lanes < images; ++b) {
      alignas(64) T mask[lanes];
      mark_live_lanes<Arch>(mask, images - b * lanes);
      detail::masked_gradient<T> gradients[most];
      for (int o = first; o < last; ++o)
        gradients[o - first] =
            detail::masked_gradient<T>::of(detail::gradient_of_channel<Arch, T>(of, o, mask));
      detail::for_each_band<Arch>(taps, from, x.block(b), {0, from.e.pool.out_height}, first, last,
                                  activation, [&](const detail::conv2d_pool_band& band) {
                                    for (int o = first; o < last; ++o) {
                                      const std::ptrdiff_t at = o * dy_channel + band.row * dy_row;
                                      biases[o - first] += detail::unpool_band<Arch>(
                                          band, from.scratch + (o - first) * band.channel,
                                          taken.block(b) + at, dy.block(b) + at,
                                          gradients[o - first], activation);
                                    }
                                    detail::add_band_weights<Arch>(taps, e, from.scratch, band,
                                                                   x.block(b), last - first, sums);
                                  });
    }
    detail::finish_band_weights<Arch>(taps, sums, last - first, terms, dw + first * terms);
    for (int o = first; o < last; ++o) db[o] = static_cast<T>(biases[o - first]);
  }
}

}  // namespace lamina::kernels
