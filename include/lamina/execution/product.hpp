// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <type_traits>

#include <lamina/execution/activations.hpp>
#include <lamina/execution/elementwise.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/normalisation.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/execution/product_kernels.hpp>
#include <lamina/kernels/activation.hpp>
#include <lamina/kernels/batch_norm.hpp>

namespace lamina::execution {

/// dense or conv2d, and what was fused behind it: an activation and dropout in training, an
/// activation and a normalisation in inference. The activation that follows at once runs inside the
/// product's kernel, the others over the piece that was just written.
template <class Blueprint, int Index, class T, class Arch>
struct product_step : step_place<Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  using product = product_kernels<typename place::template located<0>, T, Arch>;

  static constexpr detail::extents plane =
      detail::extents_of(typename place::template located<0>::out{});
  static constexpr int channels = plane.channels;

  template <int Member>
  static constexpr layer_kind kind = detail::kind_of<typename place::template layer<Member>>();

  static constexpr bool activates_at_once = place::template is<1>(layer_kind::activation);
  static constexpr auto activation = activation_behind<place>();

  static constexpr auto by_output = function_by_output(typename place::layers{});
  static constexpr bool known_by_output =
      !std::is_same_v<decltype(function_by_output(typename place::layers{})), unknown_function>;
  /// Backward, the members behind the product are this step's to undo.
  static constexpr bool undoes = place::members > 1 && !is_left_to_the_next<Blueprint, Index, T>();

  static constexpr split outputs =
      split::by_work(channels, product::tile, product::work, product::work_of_a_piece);
  static constexpr split inputs =
      split::by_work(product::in.channels, product::input_tile,
                     product::work / product::blocks_at_once * product::gradients_at_once,
                     product::work_of_a_piece);
  static constexpr split weights =
      split::by_work(channels, product::weights_tile, product::work, product::work_of_a_piece);
  static constexpr split features =
      split::by_work(channels, 1, 16.0 * channels * plane.pixels(), 100'000);

  static void prepare(const frame<T>& batch) {
    product::pack(place::template parameter<0, 0>(batch), place::template fixed<0>(batch),
                  Blueprint::mode != fusion_mode::inference && place::wants_input_gradient);
    if constexpr (Blueprint::mode == fusion_mode::inference) prepare_members<1>(batch);
  }

  template <int Member>
  static void prepare_members(const frame<T>& batch) {
    if constexpr (Member < place::members) {
      if constexpr (kind<Member> == layer_kind::normalisation) {
        fold_moving_statistics<typename place::template layer<Member>, T>(
            statistics<Member>(batch), channels, place::template parameter<Member, 0>(batch),
            place::template parameter<Member, 1>(batch),
            place::template parameter<Member, 2>(batch),
            place::template parameter<Member, 3>(batch));
      }
      prepare_members<Member + 1>(batch);
    }
  }

  template <int Member>
  static normalisation_statistics<T> statistics(const frame<T>& batch) {
    return normalisation_statistics<T>::at(place::template fixed<Member>(batch), channels);
  }

  /// Calls use(where the images are not zero) in a dense layer that reads them, use() elsewhere.
  template <class Use>
  static void with_places(const frame<T>& batch, const Use& use) {
    if constexpr (product::transposes && !place::wants_input_gradient)
      use(batch.nonzero);
    else
      use();
  }

  static void forward_piece(const frame<T>& batch, range blocks, range of) {
    with_places(batch, [&](auto... of_images) {
      product::forward(place::template parameter<0, 0>(batch),
                       place::template parameter<0, 1>(batch), place::template fixed<0>(batch),
                       as_const(place::input(batch)), place::output(batch), blocks, of, activation,
                       of_images...);
    });
    for (int block = blocks.first; block < blocks.last; ++block) {
      follow<activates_at_once ? 2 : 1>(batch, block, of);
    }
  }

  /// The members from `Member` on, in place over the channels `of` of one block.
  template <int Member>
  static void follow(const frame<T>& batch, int block, range of) {
    if constexpr (Member < place::members) {
      T* y = place::output(batch).block(block);
      const std::ptrdiff_t begin = std::ptrdiff_t{lanes} * plane.pixels() * of.first;
      const std::ptrdiff_t count = std::ptrdiff_t{lanes} * plane.pixels() * (of.last - of.first);
      if constexpr (kind<Member> == layer_kind::dropout) {
        drop_channels<Member>(batch, block, of, y);
      } else if constexpr (kind<Member> == layer_kind::normalisation) {
        const auto held = statistics<Member>(batch);
        kernels::scale_shift<Arch>(kernels::plane_extents{channels, plane.pixels()},
                                   static_cast<const T*>(y), y, static_cast<const T*>(held.scale),
                                   static_cast<const T*>(held.shift), of);
      } else {
        kernels::activation_forward<Arch>(static_cast<const T*>(y + begin), y + begin, count,
                                          activation_of(typename place::template layer<Member>{}));
      }
      follow<Member + 1>(batch, block, of);
    }
  }

  template <int Member>
  static void drop_channels(const frame<T>& batch, int block, range of, T* y) {
    if (!batch.training) return;
    drop<Arch>(batch, block, place::template layer_index<Member>,
               place::template layer<Member>::rate,
               {of.first * plane.pixels(), of.last * plane.pixels()}, static_cast<const T*>(y), y);
  }

  static void forward_blocks(const frame<T>& batch, range blocks) {
    forward_piece(batch, blocks, {0, channels});
  }

  static void forward(const frame<T>& batch) {
    constexpr int step = product::blocks_at_once;
    const int groups = (batch.blocks() + step - 1) / step;
    run_pieces(groups * outputs.parts, [&](int part) {
      const int group = part / outputs.parts;
      const int slice = part % outputs.parts;
      const range blocks{group * step, std::min((group + 1) * step, batch.blocks())};
      forward_piece(batch, blocks, {outputs.begin(slice), outputs.end(slice)});
    });
  }

  /// The gradients at the product, at its input, of its weights. A dense layer leaves those of its
  /// weights to a dense layer before it, which has them computed beside its own: a region less. One
  /// thread alone gains nothing by that, and rather reads at once what it has written.
  static void backward(const frame<T>& batch, const gradient_sink<T>& sink) {
    const bool leaves = Blueprint::leaves_weights(Index) && !is_alone();
    const auto left = left_by_the_one_behind(batch, sink);
    const auto of_weights = weight_gradients(batch, sink);
    if constexpr (!place::wants_input_gradient) {
      run_pieces(both(transpositions(batch), members(batch)));
      run_pieces(both(left, of_weights));
    } else {
      const auto gradients = both(transpositions(batch), input_gradients(batch));
      if constexpr (undoes) {
        run_pieces(both(left, members(batch)));
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
      if (is_alone()) left.count = 0;
      return left;
    } else {
      return pieces{0, [](int) {}};
    }
  }

  /// The blocks of the inputs that the weights' kernels want transposed: of this step and, where it
  /// is the images, of the step before.
  static auto transpositions(const frame<T>& batch) {
    constexpr bool hoists = Blueprint::transposes_before(Index);
    constexpr bool hoisted = Blueprint::transposes_before(Index + 1);
    const int own = product::transposes && (!hoisted || is_alone()) ? batch.blocks() : 0;
    const int before = hoists && !is_alone() ? batch.blocks() : 0;
    const auto run = [&batch, own](int piece) {
      if (piece < own) return transpose(batch, piece);
      if constexpr (hoists)
        product_step<Blueprint, Index - 1, T, Arch>::transpose(batch, piece - own);
    };
    return pieces<decltype(run)>{own + before, run};
  }

  static void transpose(const frame<T>& batch, int block) {
    if constexpr (product::transposes)
      kernels::transpose_block<Arch>(product::in.size(), as_const(place::input(batch)).block(block),
                                     place::workspace(batch).block(block));
  }

  /// The gradient of the output becomes that of the product itself, in place.
  static auto members(const frame<T>& batch) {
    const auto run = [&batch](int part) {
      const int slice = part % features.parts;
      undo(batch, part / features.parts, {features.begin(slice), features.end(slice)});
    };
    return pieces<decltype(run)>{undoes ? batch.blocks() * features.parts : 0, run};
  }

  /// The gradient behind the members becomes the one at the product, in place, over the channels
  /// `of` of one block.
  static void undo(const frame<T>& batch, int block, range of) {
    if constexpr (undoes) {
      T* dy = place::output_gradient(batch).block(block);
      const T* y = place::output(batch).block(block);
      const std::ptrdiff_t begin = std::ptrdiff_t{lanes} * plane.pixels() * of.first;
      const std::ptrdiff_t count = std::ptrdiff_t{lanes} * plane.pixels() * (of.last - of.first);
      const auto pass = [&](auto function) {
        kernels::activation_backward<Arch>(y + begin, static_cast<const T*>(dy + begin), dy + begin,
                                           count, function);
      };
      if constexpr (known_by_output) {
        pass(by_output);
      } else {
        drop_channels<place::members - 1>(batch, block, of, dy);
        if constexpr (place::members == 3) pass(activation);
      }
    }
  }

  static auto input_gradients(const frame<T>& batch) {
    constexpr int step = product::gradients_at_once;
    const auto run = [&batch](int part) {
      const int group = part / inputs.parts;
      const int slice = part % inputs.parts;
      const range blocks{group * step, std::min((group + 1) * step, batch.blocks())};
      const auto gradient = [&](auto... before) {
        product::backward_input(
            place::template parameter<0, 0>(batch), place::template fixed<0>(batch),
            as_const(place::output_gradient(batch)), place::input_gradient(batch), blocks,
            {inputs.begin(slice), inputs.end(slice)}, before...);
      };
      if constexpr (is_left_to_the_next<Blueprint, Index - 1, T>())
        gradient(left_by_the_one_before<Blueprint, Index, T>(), as_const(place::input(batch)));
      else
        gradient();
    };
    return pieces<decltype(run)>{(batch.blocks() + step - 1) / step * inputs.parts, run};
  }

  static auto weight_gradients(const frame<T>& batch, const gradient_sink<T>& sink) {
    const auto run = [&batch, &sink](int slice) {
      const range of{weights.begin(slice), weights.end(slice)};
      const std::ptrdiff_t row = product::weights_of_an_output;
      const auto dy = as_const(place::output_gradient(batch));
      const auto x = as_const(product::transposes ? place::workspace(batch) : place::input(batch));
      T* const db = place::template gradient<0, 1>(batch);
      with_places(batch, [&](auto... of_images) {
        if (product::goes_by_tile && !batch.keeps_gradients) {
          if constexpr (product::goes_by_tile) {
            const auto told = [&](range some, T* dw) {
              sink(place::template parameter_offset<0, 0> + row * some.first,
                   row * (some.last - some.first), dw);
            };
            product::backward_weights_by_tile(dy, x, batch.blocks(), db, of, told, of_images...);
          }
        } else {
          product::backward_weights(dy, x, batch.blocks(), place::template gradient<0, 0>(batch),
                                    db, of, of_images...);
          place::template tell<0, 0>(batch, sink, row * of.first, row * (of.last - of.first));
        }
      });
      place::template tell<0, 1>(batch, sink, of.first, of.last - of.first);
    };
    return pieces<decltype(run)>{weights.parts, run};
  }
};

}  // namespace lamina::execution
