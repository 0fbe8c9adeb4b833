// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <array>
#include <atomic>

#include <lamina/execution/activations.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/execution/product_kernels.hpp>
#include <lamina/execution/product_members.hpp>

namespace lamina::execution {

/// dense or conv2d, and what was fused behind it.
template <class Blueprint, int Index, class T, class Arch>
struct product_step : product_members<Blueprint, Index, T, Arch> {
  using with_members = product_members<Blueprint, Index, T, Arch>;
  using typename with_members::place;
  using with_members::channels;
  using product = product_kernels<typename place::template located<0>, T, Arch>;

  static constexpr split outputs =
      split::by_work(channels, product::tile, product::work, product::work_of_a_piece);
  static constexpr split inputs =
      split::by_work(product::in.channels, product::input_tile, product::work_of_input_gradients,
                     product::work_of_a_piece);
  static constexpr split weights =
      split::by_work(channels, product::weights_tile, product::work, product::work_of_a_piece);

  static constexpr packed_for use = use_of_packed(Blueprint::mode, place::wants_input_gradient);

  /// Whether this is the product that asks for the images of the next batch.
  static constexpr bool asks_ahead = place::template layer_index<0> == Blueprint::last_turned;

  static void prepare(const frame<T>& batch) {
    product::pack(place::template parameter<0, 0>(batch), place::template fixed<0>(batch), use);
    if constexpr (Blueprint::mode == fusion_mode::inference)
      with_members::template prepare_members<1>(batch);
  }

  /// The parts of a region, so many for each thread where a part has something to find out first.
  static split slices_of(split all, int for_a_thread) {
    return product::finds_zeros ? all.at_most(for_a_thread * concurrency()) : all;
  }

  static void forward_piece(const frame<T>& batch, range blocks, range of) {
    product::forward(place::template parameter<0, 0>(batch), place::template parameter<0, 1>(batch),
                     product::packs(use) ? place::template fixed<0>(batch) : nullptr,
                     as_const(place::input(batch)), place::output(batch), blocks, of,
                     with_members::activation, asks_ahead ? batch.soon : kernels::read_soon{});
    for (int block = blocks.first; block < blocks.last; ++block) {
      with_members::template follow<with_members::activates_at_once ? 2 : 1>(batch, block, of);
    }
  }

  static void forward_blocks(const frame<T>& batch, range blocks) {
    forward_piece(batch, blocks, {0, channels});
  }

  static void forward(const frame<T>& batch) {
    constexpr int step = product::blocks_at_once;
    const int groups = (batch.blocks() + step - 1) / step;
    const split slices = slices_of(outputs, 2);
    run_pieces(groups * slices.parts, [&](int part) {
      const int group = part / slices.parts;
      const int slice = part % slices.parts;
      const range blocks{group * step, std::min((group + 1) * step, batch.blocks())};
      forward_piece(batch, blocks, {slices.begin(slice), slices.end(slice)});
    });
  }

  /// Whether a region of threads less is worth that memory is read again later. Of few images it
  /// is, unless one thread is alone.
  static bool spares_regions(const frame<T>& batch) { return !is_alone() && batch.blocks() <= 8; }

  /// The gradients at the product, at its input, of its weights. A dense layer leaves those of its
  /// weights to a dense layer before it, which has them computed beside its own: a region less.
  static void backward(const frame<T>& batch, const gradient_sink<T>& sink) {
    const bool leaves = Blueprint::leaves_weights(Index) && spares_regions(batch);
    const auto left = left_by_the_one_behind(batch, sink);
    const auto of_weights = weight_gradients(batch, sink);
    if constexpr (!place::wants_input_gradient) {
      run_pieces(both(transpositions(batch), with_members::member_gradients(batch)));
      run_pieces(both(left, of_weights));
    } else {
      halves_done done{};
      const auto gradients = both(transpositions(batch), input_gradients(batch, done.data()));
      if constexpr (with_members::undoes) {
        run_pieces(both(left, with_members::member_gradients(batch)));
        run_pieces(gradients);
      } else {
        run_pieces(both(left, gradients));
      }
      if (!leaves) run_pieces(of_weights);
    }
  }

  static auto left_by_the_one_behind(const frame<T>& batch, const gradient_sink<T>& sink) {
    if constexpr (Blueprint::leaves_weights(Index + 1)) {
      auto left = product_step<Blueprint, Index + 1, T, Arch>::weight_gradients(batch, sink);
      if (!spares_regions(batch)) left.count = 0;
      return left;
    } else {
      return pieces{0, [](int) {}};
    }
  }

  /// The inputs that the weights' kernels want transposed, block by block: of this step and, where
  /// it is the images, of the step before.
  static auto transpositions(const frame<T>& batch) {
    constexpr bool hoists = Blueprint::transposes_before(Index);
    constexpr bool hoisted = Blueprint::transposes_before(Index + 1);
    const bool spares = spares_regions(batch);
    const bool own = product::transposes && !(hoisted && spares);
    const auto run = [=, &batch](int block) {
      if (own) transpose(batch, block);
      if constexpr (hoists)
        if (spares) product_step<Blueprint, Index - 1, T, Arch>::transpose(batch, block);
    };
    return pieces<decltype(run)>{own ? batch.blocks() : 0, run};
  }

  static void transpose(const frame<T>& batch, int block) {
    if constexpr (product::transposes)
      kernels::transpose_block<Arch>(product::in.size(), as_const(place::input(batch)).block(block),
                                     place::workspace(batch).block(block));
  }

  /// Whether the input's gradient of few images is summed in two halves of the outputs.
  static constexpr bool has_halves =
      place::wants_input_gradient &&
      detail::halves_input_gradient(Blueprint::facts[place::template layer_index<0>]);
  static constexpr int most_blocks_in_halves = 4;

  /// How many halves of each slice of the inputs are done.
  using halves_done = std::array<std::atomic<int>, has_halves ? inputs.parts : 0>;

  static auto input_gradients(const frame<T>& batch, std::atomic<int>* done) {
    constexpr int step = product::gradients_at_once;
    const bool in_halves = has_halves && batch.blocks() <= most_blocks_in_halves;
    const split slices = slices_of(inputs, in_halves ? 1 : 2);
    const auto run = [=, &batch](int part) {
      const int group = part / slices.parts;
      const int slice = part % slices.parts;
      const range of{slices.begin(slice), slices.end(slice)};
      if constexpr (has_halves)
        if (in_halves) return half_of_input_gradient(batch, group, of, done[slice]);
      const range blocks{group * step, std::min((group + 1) * step, batch.blocks())};
      const auto gradient = [&](auto... before) {
        product::backward_input(place::template parameter<0, 0>(batch),
                                place::template fixed<0>(batch),
                                as_const(place::output_gradient(batch)),
                                place::input_gradient(batch), blocks, of, before...);
      };
      if constexpr (is_left_to_the_next<Blueprint, Index - 1, T>())
        gradient(left_by_the_one_before<Blueprint, Index, T>(), as_const(place::input(batch)));
      else
        gradient();
    };
    const int groups = in_halves ? 2 : (batch.blocks() + step - 1) / step;
    return pieces<decltype(run)>{groups * slices.parts, run};
  }

  /// The half that is done last adds the other.
  static void half_of_input_gradient(const frame<T>& batch, int half, range of,
                                     std::atomic<int>& done) {
    const range blocks{0, batch.blocks()};
    const range outputs = half == 0 ? range{0, channels / 2} : range{channels / 2, channels};
    const blocked<T> sums = place::input_gradient(batch);
    const blocked<T> others = place::half_of_gradient(batch);
    product::backward_input_of(outputs, place::template parameter<0, 0>(batch),
                               as_const(place::output_gradient(batch)), half == 0 ? sums : others,
                               blocks, of);
    if (done.fetch_add(1, std::memory_order_acq_rel) == 0) return;
    product::add_input_gradient(as_const(others), sums, blocks, of,
                                left_by_the_one_before<Blueprint, Index, T>(),
                                as_const(place::input(batch)));
  }

  static auto weight_gradients(const frame<T>& batch, const gradient_sink<T>& sink) {
    const auto run = [&batch, &sink](int slice) {
      const range of{weights.begin(slice), weights.end(slice)};
      const std::ptrdiff_t row = product::weights_of_an_output;
      const auto dy = as_const(place::output_gradient(batch));
      const auto x = as_const(product::transposes ? place::workspace(batch) : place::input(batch));
      T* const db = place::template gradient<0, 1>(batch);
      if (product::goes_by_tile && !batch.keeps_gradients) {
        if constexpr (product::goes_by_tile) {
          product::backward_weights_by_tile(dy, x, batch.blocks(), db, of, [&](range some, T* dw) {
            sink(place::template parameter_offset<0, 0> + row * some.first,
                 row * (some.last - some.first), dw);
          });
        }
      } else {
        product::backward_weights(dy, x, batch.blocks(), place::template gradient<0, 0>(batch), db,
                                  of);
        place::template tell<0, 0>(batch, sink, row * of.first, row * (of.last - of.first));
      }
      place::template tell<0, 1>(batch, sink, of.first, of.last - of.first);
    };
    return pieces<decltype(run)>{weights.parts, run};
  }
};

}  // namespace lamina::execution
