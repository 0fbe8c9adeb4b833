// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>

#include <lamina/layers/kind.hpp>

namespace lamina {

/// How layers become steps.
enum class fusion_mode {
  training,   // what an optimizer's step runs
  inference,  // what a prediction runs: dropout is gone, normalisation follows its product
  none        // one layer, one step: what the fused steps are held against
};

namespace detail {

/// What the rules look at in a layer.
struct fusion_facts {
  layer_kind kind = layer_kind::custom;
  /// f(a x) = a f(x) for a >= 0, so that dropout's factor does not disturb the derivative by
  /// output.
  bool homogeneous = false;
  /// A pool that sees each pixel once.
  bool tiles = false;
  /// A convolution that it is cheaper to compute anew than to store.
  bool cheap = false;
};

/// The layers of one step, by their indices.
struct group {
  std::array<int, 4> layer{};
  int count = 0;

  constexpr void take(int index) { layer[static_cast<std::size_t>(count++)] = index; }
};

template <std::size_t Layers>
struct grouping {
  std::array<group, Layers> groups{};
  int count = 0;
};

/// The rewrite from layers to steps:
///   training:  product activation? dropout?      (dropout where the activation is homogeneous)
///              product activation? normalisation max_pool   (a cheap convolution that comes first)
///              normalisation max_pool
///   inference: product activation? normalisation? max_pool?, product normalisation activation?
/// where a pool that joins a product sees each pixel once, and one step for every other layer.
/// `flatten` is a step that moves nothing, and ends a group.
template <std::size_t Layers>
struct matcher {
  const std::array<fusion_facts, Layers>& facts;
  fusion_mode mode;
  int at = 0;

  constexpr void skip_dropout() {
    while (mode == fusion_mode::inference && is(layer_kind::dropout)) ++at;
  }

  constexpr bool is(layer_kind kind, int ahead = 0) const {
    return at + ahead < static_cast<int>(Layers) &&
           facts[static_cast<std::size_t>(at + ahead)].kind == kind;
  }

  /// Takes the next layer when it is of this kind.
  constexpr bool take(layer_kind kind, group& into) {
    if (!is(kind)) return false;
    into.take(at++);
    skip_dropout();
    return true;
  }

  constexpr void take_training(group& into) {
    if (into.layer[0] + 1 != at) return;
    if (into_kind(into) == layer_kind::normalisation) {
      take(layer_kind::max_pool, into);
    } else if (into_kind(into) == layer_kind::product) {
      if (take_cheap_product(into)) return;
      bool homogeneous = true;
      if (is(layer_kind::activation)) {
        homogeneous = facts[static_cast<std::size_t>(at)].homogeneous;
        take(layer_kind::activation, into);
      }
      if (homogeneous) take(layer_kind::dropout, into);
    }
  }

  /// The first convolution, its activation, normalisation and pool, or nothing.
  constexpr bool take_cheap_product(group& into) {
    if (into.layer[0] != 0 || !facts[0].cheap) return false;
    const int activations = is(layer_kind::activation) ? 1 : 0;
    if (!is(layer_kind::normalisation, activations) || !is_tiling_pool(activations + 1)) {
      return false;
    }
    for (int i = 0; i < activations + 2; ++i) into.take(at++);
    return true;
  }

  constexpr bool is_tiling_pool(int ahead) const {
    return is(layer_kind::max_pool, ahead) && facts[static_cast<std::size_t>(at + ahead)].tiles;
  }

  constexpr void take_inference(group& into) {
    if (into_kind(into) != layer_kind::product) return;
    if (take(layer_kind::activation, into)) {
      take(layer_kind::normalisation, into);
      if (is_tiling_pool(0)) take(layer_kind::max_pool, into);
    } else if (take(layer_kind::normalisation, into)) {
      take(layer_kind::activation, into);
    }
  }

  constexpr layer_kind into_kind(const group& into) const {
    return facts[static_cast<std::size_t>(into.layer[0])].kind;
  }

  constexpr grouping<Layers> run() {
    grouping<Layers> result{};
    skip_dropout();
    while (at < static_cast<int>(Layers)) {
      group next{};
      next.take(at++);
      skip_dropout();
      if (mode == fusion_mode::training) take_training(next);
      if (mode == fusion_mode::inference) take_inference(next);
      result.groups[static_cast<std::size_t>(result.count++)] = next;
    }
    return result;
  }
};

template <std::size_t Layers>
constexpr grouping<Layers> fuse(const std::array<fusion_facts, Layers>& facts, fusion_mode mode) {
  return matcher<Layers>{facts, mode}.run();
}

}  // namespace detail

}  // namespace lamina
