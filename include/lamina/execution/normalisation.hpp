// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cmath>

#include <lamina/execution/activations.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/execution/pooling.hpp>
#include <lamina/kernels/batch_norm.hpp>
#include <lamina/kernels/normalised_pool.hpp>

namespace lamina::execution {

/// What a normalisation keeps from forward to backward, channel by channel.
template <class T>
struct normalisation_statistics {
  T* mean;
  T* variance;
  T* inverse_deviation;
  T* scale;  // weight / deviation
  T* shift;  // bias - mean scale

  static normalisation_statistics at(T* fixed, int channels) {
    const std::ptrdiff_t step = (channels + 15) / 16 * 16;
    return {fixed, fixed + step, fixed + 2 * step, fixed + 3 * step, fixed + 4 * step};
  }

  void fold(int channel, const T* weight, const T* bias, double epsilon) const {
    inverse_deviation[channel] = T{1} / std::sqrt(variance[channel] + static_cast<T>(epsilon));
    scale[channel] = weight[channel] * inverse_deviation[channel];
    shift[channel] = bias[channel] - mean[channel] * scale[channel];
  }
};

/// Scale and shift as the moving statistics say.
template <class Norm, class T>
void fold_moving_statistics(const normalisation_statistics<T>& held, int channels, const T* weight,
                            const T* bias, const T* moving_mean, const T* moving_variance) {
  for (int c = 0; c < channels; ++c) {
    held.mean[c] = moving_mean[c];
    held.variance[c] = moving_variance[c];
    held.fold(c, weight, bias, Norm::epsilon);
  }
}

/// Scale and shift as the batch's statistics say, which move the moving ones.
template <class Norm, class T>
void take_statistics(const normalisation_statistics<T>& held, range channels, const T* weight,
                     const T* bias, T* moving_mean, T* moving_variance) {
  const T keep = static_cast<T>(Norm::momentum);
  for (int c = channels.first; c < channels.last; ++c) {
    held.fold(c, weight, bias, Norm::epsilon);
    moving_mean[c] = keep * moving_mean[c] + (T{1} - keep) * held.mean[c];
    moving_variance[c] = keep * moving_variance[c] + (T{1} - keep) * held.variance[c];
  }
}

/// batch_norm, alone or with the max_pool that follows it.
template <class Blueprint, int Index, class T, class Arch>
struct normalisation_step : step_place<Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  using norm = typename place::template layer<0>;
  static constexpr bool pools = place::members == 2;
  static constexpr kernels::plane_extents planes{place::in.channels, place::in.pixels()};
  static constexpr split parts =
      split::by_work(planes.channels, 1, 64.0 * planes.channels * planes.pixels, 20'000);

  static constexpr kernels::pool_extents window() {
    if constexpr (pools) {
      return pool_extents_of<typename place::template located<1>>();
    } else {
      return {};
    }
  }

  static normalisation_statistics<T> statistics(const frame<T>& batch) {
    return normalisation_statistics<T>::at(place::template fixed<0>(batch), planes.channels);
  }

  static void prepare(const frame<T>& batch) {
    if (batch.training) return;
    fold_moving_statistics<norm, T>(
        statistics(batch), planes.channels, place::template parameter<0, 0>(batch),
        place::template parameter<0, 1>(batch), place::template parameter<0, 2>(batch),
        place::template parameter<0, 3>(batch));
  }

  static void apply(const frame<T>& batch, int block, range channels) {
    const auto held = statistics(batch);
    const T* x = place::input(batch).block(block);
    T* y = place::output(batch).block(block);
    if constexpr (pools) {
      kernels::scale_shift_max_pool_forward<Arch>(window(), x, y, held.scale, held.shift, channels);
    } else {
      kernels::scale_shift<Arch>(planes, x, y, held.scale, held.shift, channels);
    }
  }

  static void measure(const frame<T>& batch, range channels) {
    const auto held = statistics(batch);
    kernels::batch_norm_statistics<Arch>(planes, as_const(place::input(batch)), batch.images,
                                         held.mean, held.variance, channels);
    take_statistics<norm>(held, channels, place::template parameter<0, 0>(batch),
                          place::template parameter<0, 1>(batch),
                          place::template parameter<0, 2>(batch),
                          place::template parameter<0, 3>(batch));
  }

  static void forward_blocks(const frame<T>& batch, range blocks) {
    for (int block = blocks.first; block < blocks.last; ++block) {
      apply(batch, block, {0, planes.channels});
    }
  }

  /// A piece is some channels over the whole batch: the sums have one order.
  static void forward(const frame<T>& batch) {
    const auto piece = [&](int part) {
      const range channels{parts.begin(part), parts.end(part)};
      if (batch.training) measure(batch, channels);
      for (int block = 0; block < batch.blocks(); ++block) apply(batch, block, channels);
    };
    run_pieces(parts.parts, piece);
  }

  static void backward(const frame<T>& batch, const gradient_sink<T>& sink) {
    const auto piece = [&](int part) {
      const range channels{parts.begin(part), parts.end(part)};
      backward_channels(batch, channels);
      const int count = channels.last - channels.first;
      place::template tell<0, 0>(batch, sink, channels.first, count);
      place::template tell<0, 1>(batch, sink, channels.first, count);
    };
    run_pieces(parts.parts, piece);
  }

  static void backward_channels(const frame<T>& batch, range channels) {
    if constexpr (pools) {
      if (kernels::pools_each_pixel_once<Arch>(window())) {
        backward_pooled(batch, channels);
      } else {
        const auto held = statistics(batch);
        for (int block = 0; block < batch.blocks(); ++block) {
          kernels::scale_shift_max_pool_backward<Arch>(
              window(), as_const(place::input(batch)).block(block), held.scale, held.shift,
              as_const(place::output_gradient(batch)).block(block),
              place::input_gradient(batch).block(block), channels);
        }
        backward_plain(batch, place::input_gradient(batch), channels);
      }
    } else {
      backward_plain(batch, place::output_gradient(batch), channels);
    }
  }

  static void backward_plain(const frame<T>& batch, blocked<T> dy, range channels) {
    const auto held = statistics(batch);
    const auto x = as_const(place::input(batch));
    T* dgamma = place::template gradient<0, 0>(batch);
    T* dbeta = place::template gradient<0, 1>(batch);
    kernels::batch_norm_backward_sums<Arch>(planes, x, as_const(dy), batch.blocks(), held.mean,
                                            held.inverse_deviation, dgamma, dbeta, channels);
    if constexpr (place::wants_input_gradient) {
      kernels::batch_norm_backward_input<Arch>(
          planes, x, as_const(dy), place::input_gradient(batch), batch.images, held.mean,
          held.inverse_deviation, static_cast<const T*>(place::template parameter<0, 0>(batch)),
          static_cast<const T*>(dgamma), static_cast<const T*>(dbeta), range{0, batch.blocks()},
          channels, left_by_the_one_before<Blueprint, Index, T>());
    }
  }

  static void backward_pooled(const frame<T>& batch, range channels) {
    const auto held = statistics(batch);
    const auto x = as_const(place::input(batch));
    const auto dy = as_const(place::output_gradient(batch));
    T* dgamma = place::template gradient<0, 0>(batch);
    T* dbeta = place::template gradient<0, 1>(batch);
    const T* scale = held.scale;
    const T* shift = held.shift;
    kernels::batch_norm_max_pool_backward_sums<Arch>(window(), x, dy, batch.blocks(), held.mean,
                                                     held.inverse_deviation, scale, shift, dgamma,
                                                     dbeta, channels);
    if constexpr (place::wants_input_gradient) {
      kernels::batch_norm_max_pool_backward_input<Arch>(
          window(), x, dy, place::input_gradient(batch), batch.images, held.mean,
          held.inverse_deviation, static_cast<const T*>(place::template parameter<0, 0>(batch)),
          static_cast<const T*>(dgamma), static_cast<const T*>(dbeta), scale, shift,
          range{0, batch.blocks()}, channels, left_by_the_one_before<Blueprint, Index, T>());
    }
  }
};

}  // namespace lamina::execution
