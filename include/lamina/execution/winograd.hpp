// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>

#include <lamina/execution/frame.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/execution/pooling.hpp>
#include <lamina/execution/product.hpp>
#include <lamina/kernels/winograd.hpp>
#include <lamina/kernels/winograd_pool.hpp>
#include <lamina/kernels/winograd_weights.hpp>
#include <lamina/plan/winograd.hpp>

namespace lamina::execution {

/// Whether the convolution that begins an operation is computed by Winograd's products: so is a
/// pool behind it whose windows are two rows high.
template <class Blueprint, int Index>
constexpr bool runs_by_winograd() {
  using place = step_place<Blueprint, Index, float>;
  if constexpr (!detail::takes_winograd<typename place::template located<0>>()) {
    return false;
  } else if constexpr (place::ends_in_a_pool) {
    return Blueprint::mode == fusion_mode::inference &&
           kernels::winograd_takes_pool(
               pool_extents_of<typename place::template located<place::members - 1>>());
  } else {
    return true;
  }
}

/// The transformed weights of a tile of outputs; by the layer alone, so that it is compiled once
/// for training and inference.
template <class Located, class T, class Arch>
[[gnu::noinline]] void pack_winograd_tile(const T* weights, int tile, T* packed) {
  kernels::winograd_pack_forward<Arch>(product_kernels<Located, T, Arch>::extents, weights,
                                       {tile, tile + 1}, packed);
}

/// conv2d by Winograd's products, and what was fused behind it: as product_step, and in inference
/// the max_pool of pooled_convolution_step.
template <class Blueprint, int Index, class T, class Arch>
struct winograd_step : product_step<Blueprint, Index, T, Arch> {
  using base = product_step<Blueprint, Index, T, Arch>;
  using typename base::place;
  using product = typename base::product;
  static constexpr kernels::conv2d_extents extents = product::extents;
  static constexpr kernels::conv2d_extents turned = kernels::winograd_turned(extents);
  static constexpr int channels = extents.out_channels;
  static constexpr bool trains = Blueprint::mode != fusion_mode::inference;
  static constexpr bool for_weights =
      detail::takes_winograd_for_weights<typename place::template located<0>>();
  static constexpr detail::winograd_places at =
      detail::winograd_places_of(extents.in_channels, channels, Blueprint::mode, for_weights);

  static T* values(const frame<T>& batch, std::ptrdiff_t from) {
    return place::template fixed<0>(batch) + from;
  }

  static void prepare(const frame<T>& batch) {
    const T* weights = place::template parameter<0, 0>(batch);
    if constexpr (Blueprint::mode != fusion_mode::training)
      product::pack(weights, values(batch, 0), packed_for::output);  // for few images
    if constexpr (!trains) base::template prepare_members<1>(batch);
    constexpr int forward = kernels::winograd_packed_tiles<Arch, T>(extents);
    constexpr int backward =
        trains && place::wants_input_gradient ? kernels::winograd_packed_tiles<Arch, T>(turned) : 0;
    run_pieces(forward + backward, [&](int tile) {
      if (backward == 0 || tile < forward) {
        pack_winograd_tile<typename place::template located<0>, T, Arch>(weights, tile,
                                                                         values(batch, at.forward));
      } else {
        kernels::winograd_pack_backward_input<Arch>(
            extents, weights, {tile - forward, tile - forward + 1}, values(batch, at.backward));
      }
    });
  }

  static void convolve(const frame<T>& batch, int block, range rows) {
    alignas(64) T scratch[kernels::winograd_scratch<Arch, T>(extents)];
    kernels::winograd_forward<Arch>(extents, static_cast<const T*>(values(batch, at.forward)),
                                    static_cast<const T*>(place::template parameter<0, 1>(batch)),
                                    as_const(place::input(batch)), place::output(batch),
                                    {block, block + 1}, rows, scratch, base::activation);
  }

  static void forward_blocks(const frame<T>& batch, range blocks) {
    for (int block = blocks.first; block < blocks.last; ++block) forward_block(batch, block);
  }

  static void forward_block(const frame<T>& batch, int block) {
    if constexpr (place::ends_in_a_pool) {
      pool(batch, block);
    } else {
      convolve(batch, block, {0, kernels::winograd_rows(extents)});
      base::template follow<base::activates_at_once ? 2 : 1>(batch, block, {0, channels});
    }
  }

  static void pool(const frame<T>& batch, int block) {
    constexpr int norm = place::template is<1>(layer_kind::activation) ? 2 : 1;
    constexpr kernels::conv2d_pool_extents both{
        extents, pool_extents_of<typename place::template located<place::members - 1>>()};
    alignas(64) T scratch[kernels::winograd_pool_scratch<Arch, T>(both)];
    const T *scale = nullptr, *shift = nullptr;
    if constexpr (place::template is<norm>(layer_kind::normalisation)) {
      scale = base::template statistics<norm>(batch).scale;
      shift = base::template statistics<norm>(batch).shift;
    }
    kernels::winograd_pool_forward<Arch>(
        both, static_cast<const T*>(values(batch, at.forward)),
        static_cast<const T*>(place::template parameter<0, 1>(batch)),
        as_const(place::input(batch)), place::output(batch), scale, shift, {block, block + 1},
        scratch, base::activation);
  }

  /// In training a piece is a row of tiles of a block, and what follows is dropout alone.
  static void forward(const frame<T>& batch) {
    if constexpr (!trains) {
      run_pieces(batch.blocks(), [&](int block) { forward_block(batch, block); });
    } else {
      constexpr int rows = kernels::winograd_rows(extents);
      run_pieces(batch.blocks() * rows, [&](int piece) {
        const int block = piece / rows, row = piece % rows;
        convolve(batch, block, {row, row + 1});
        drop_rows<place::members - 1>(batch, block,
                                      {2 * row, std::min(2 * row + 2, extents.out_height)});
      });
    }
  }

  template <int Member>
  static void drop_rows(const frame<T>& batch, int block, range rows) {
    if constexpr (place::template is<Member>(layer_kind::dropout)) {
      if (!batch.training) return;
      T* const y = place::output(batch).block(block);
      for (int first = 0; first < base::plane.size(); first += base::plane.pixels())
        drop<Arch>(batch, block, place::template layer_index<Member>,
                   place::template layer<Member>::rate,
                   {first + rows.first * extents.out_width, first + rows.last * extents.out_width},
                   static_cast<const T*>(y), y);
    }
  }

  static void backward(const frame<T>& batch, const gradient_sink<T>& sink) {
    run_pieces(base::member_gradients(batch));
    if constexpr (place::wants_input_gradient) backward_input(batch);
    if constexpr (for_weights)
      backward_weights(batch, sink);
    else
      run_pieces(base::weight_gradients(batch, sink));
  }

  static void backward_input(const frame<T>& batch) {
    constexpr int rows = kernels::winograd_rows(turned);
    run_pieces(batch.blocks() * rows, [&](int piece) {
      const int block = piece / rows, row = piece % rows;
      alignas(64) T scratch[kernels::winograd_scratch<Arch, T>(turned)];
      kernels::winograd_backward_input<Arch>(
          extents, static_cast<const T*>(values(batch, at.backward)),
          as_const(place::output_gradient(batch)), place::input_gradient(batch), {block, block + 1},
          {row, row + 1}, scratch);
    });
  }

  /// Four pieces, one for each row of positions, or some more for many threads, each of which
  /// gathers the gradients anew. No result depends on it.
  static void backward_weights(const frame<T>& batch, const gradient_sink<T>& sink) {
    constexpr int strips = kernels::winograd_channels(extents) / lanes;
    const int parts =
        std::clamp((tbb::this_task_arena::max_concurrency() + 3) / 4, 1, std::min(strips, 4));
    T* const gradient = values(batch, at.gradient);
    const auto dy = as_const(place::output_gradient(batch));
    run_pieces(4 * parts, [&](int piece) {
      const int row = piece / parts, part = piece % parts;
      alignas(64) T scratch[kernels::winograd_weights_scratch<Arch, T>(extents)];
      kernels::winograd_backward_positions<Arch>(
          extents, dy, as_const(place::input(batch)), batch.blocks(), {row, row + 1},
          {strips * part / parts, strips * (part + 1) / parts}, scratch, gradient);
    });
    run_pieces(base::weights.parts, [&](int slice) {
      const range of{base::weights.begin(slice), base::weights.end(slice)};
      kernels::winograd_finish_weights<Arch>(extents, static_cast<const T*>(gradient), dy,
                                             batch.blocks(), place::template gradient<0, 0>(batch),
                                             place::template gradient<0, 1>(batch), of);
      const std::ptrdiff_t row = product::weights_of_an_output;
      place::template tell<0, 0>(batch, sink, row * of.first, row * (of.last - of.first));
      place::template tell<0, 1>(batch, sink, of.first, of.last - of.first);
    });
  }
};

}  // namespace lamina::execution
