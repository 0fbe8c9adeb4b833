// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/execution/activations.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/normalisation.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/execution/pooling.hpp>
#include <lamina/execution/product_kernels.hpp>
#include <lamina/kernels/batch_norm.hpp>
#include <lamina/kernels/conv2d_pool.hpp>

namespace lamina::execution {

/// conv2d, an activation, a normalisation (either may be missing in inference) and the max_pool
/// that ends them: the output of the convolution is never stored, but in training what the pool
/// takes of it.
template <class Blueprint, int Index, class T, class Arch>
struct pooled_convolution_step : step_place<Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  using product = product_kernels<typename place::template located<0>, T, Arch>;

  static constexpr auto activation = activation_behind<place>();
  static constexpr int norm = place::template is<1>(layer_kind::activation) ? 2 : 1;
  static constexpr bool normalises = place::template is<norm>(layer_kind::normalisation);

  static constexpr kernels::conv2d_pool_extents extents{
      product::extents, pool_extents_of<typename place::template located<place::members - 1>>()};
  static constexpr int channels = product::out.channels;
  static constexpr kernels::plane_extents pooled_planes{channels, place::out.pixels()};
  static constexpr typename product::window taps{};
  static constexpr bool trains = Blueprint::mode == fusion_mode::training;
  static_assert(detail::cheap_terms == kernels::conv2d_pool_terms);

  /// Backward takes three times as long a channel as a pass forward.
  static constexpr split outputs =
      split::by_work(channels, product::tile, product::work, trains ? 500'000 : 1'000'000);

  /// Calls f(operands) with memory for a band of rows.
  template <class F>
  static void with_operands(const frame<T>& batch, const F& f) {
    alignas(64) T scratch[kernels::conv2d_pool_scratch<Arch, T>(extents)];
    f(kernels::conv2d_pool_operands<T>{extents, place::template fixed<0>(batch),
                                       place::template parameter<0, 1>(batch), scratch});
  }

  static normalisation_statistics<T> statistics(const frame<T>& batch) {
    if constexpr (normalises) {
      return normalisation_statistics<T>::at(place::template fixed<norm>(batch), channels);
    } else {
      return {};
    }
  }

  static void prepare(const frame<T>& batch) {
    product::pack(place::template parameter<0, 0>(batch), place::template fixed<0>(batch),
                  packed_for::output);
    if constexpr (normalises) {
      if (batch.training) return;
      fold_moving_statistics<typename place::template layer<norm>, T>(
          statistics(batch), channels, place::template parameter<norm, 0>(batch),
          place::template parameter<norm, 1>(batch), place::template parameter<norm, 2>(batch),
          place::template parameter<norm, 3>(batch));
    }
  }

  static void forward_piece(const frame<T>& batch, range blocks, range of) {
    const T* scale = statistics(batch).scale;
    const T* shift = statistics(batch).shift;
    with_operands(batch, [&](const auto& from) {
      kernels::conv2d_pool_forward<Arch>(taps, from, place::input(batch), place::output(batch),
                                         scale, shift, blocks, of, activation);
    });
  }

  static void forward_blocks(const frame<T>& batch, range blocks) {
    forward_piece(batch, blocks, {0, channels});
  }

  /// A piece is some channels over the whole batch: the sums have one order.
  static void forward(const frame<T>& batch) {
    run_pieces(outputs.parts, [&](int slice) {
      const range of{outputs.begin(slice), outputs.end(slice)};
      if constexpr (trains) {
        if (batch.training) return train_piece(batch, of);
      }
      forward_piece(batch, {0, batch.blocks()}, of);
    });
  }

  static void train_piece(const frame<T>& batch, range of) {
    const auto held = statistics(batch);
    const T* gamma = place::template parameter<norm, 0>(batch);
    const blocked<T> pooled = place::workspace(batch);
    with_operands(batch, [&](const auto& from) {
      kernels::conv2d_pool_statistics<Arch>(taps, from, place::input(batch), batch.images, gamma,
                                            pooled, held.mean, held.variance, of, activation);
    });
    take_statistics<typename place::template layer<norm>>(
        held, of, gamma, place::template parameter<norm, 1>(batch),
        place::template parameter<norm, 2>(batch), place::template parameter<norm, 3>(batch));
    for (int block = 0; block < batch.blocks(); ++block)
      kernels::scale_shift<Arch>(
          pooled_planes, as_const(pooled).block(block), place::output(batch).block(block),
          static_cast<const T*>(held.scale), static_cast<const T*>(held.shift), of);
  }

  static void backward(const frame<T>& batch, const gradient_sink<T>& sink) {
    run_pieces(outputs.parts, [&](int slice) {
      const range of{outputs.begin(slice), outputs.end(slice)};
      const int count = of.last - of.first;
      backward_piece(batch, of);
      const std::ptrdiff_t row = product::weights_of_an_output;
      place::template tell<0, 0>(batch, sink, row * of.first, row * count);
      place::template tell<0, 1>(batch, sink, of.first, count);
      place::template tell<norm, 0>(batch, sink, of.first, count);
      place::template tell<norm, 1>(batch, sink, of.first, count);
    });
  }

  static void backward_piece(const frame<T>& batch, range of) {
    const auto held = statistics(batch);
    const T *mean = held.mean, *inverse = held.inverse_deviation;
    const T* gamma = place::template parameter<norm, 0>(batch);
    T* dgamma = place::template gradient<norm, 0>(batch);
    T* dbeta = place::template gradient<norm, 1>(batch);
    kernels::batch_norm_backward_sums<Arch>(pooled_planes, as_const(place::workspace(batch)),
                                            as_const(place::output_gradient(batch)), batch.blocks(),
                                            mean, inverse, dgamma, dbeta, of);
    with_operands(batch, [&](const auto& from) {
      kernels::conv2d_pool_backward_weights<Arch>(
          taps, from, place::input(batch), place::workspace(batch), place::output_gradient(batch),
          batch.images, mean, inverse, gamma, static_cast<const T*>(dgamma),
          static_cast<const T*>(dbeta), place::template gradient<0, 0>(batch),
          place::template gradient<0, 1>(batch), of, activation);
    });
  }
};

}  // namespace lamina::execution
