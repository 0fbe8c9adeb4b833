// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <type_traits>

#include <lamina/execution/activations.hpp>
#include <lamina/execution/elementwise.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/normalisation.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/kernels/activation.hpp>
#include <lamina/kernels/batch_norm.hpp>

namespace lamina::execution {

/// What was fused behind a product: an activation and dropout in training, an activation and a
/// normalisation in inference. The activation that follows at once runs inside the product's
/// kernel, the others over the piece that was just written.
template <class Blueprint, int Index, class T, class Arch>
struct product_members : step_place<Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;

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
  static_assert(!(undoes &&
                  detail::is_undone_by_the_next(Blueprint::code, Blueprint::facts, Index)),
                "the plan keeps the output of each step that undoes its members");

  static constexpr split features =
      split::by_work(channels, 1, 16.0 * channels * plane.pixels(), 100'000);

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

  /// The gradient of the output becomes that of the product itself, in place.
  static auto member_gradients(const frame<T>& batch) {
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
};

}  // namespace lamina::execution
