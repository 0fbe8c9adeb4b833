// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>

#include <lamina/fusion/steps.hpp>
#include <lamina/layers/infer.hpp>
#include <lamina/plan/program.hpp>

namespace lamina::detail {

/// Taps of a window, at all its places along one direction, that fall on the image.
constexpr std::int64_t taps_on_image(sampling s) {
  std::int64_t taps = 0;
  for (int o = 0; o < s.outputs(); ++o) {
    const int begin = o * s.stride - s.padding(), end = begin + s.window;
    taps += (end < s.extent ? end : s.extent) - (begin > 0 ? begin : 0);
  }
  return taps;
}

/// Multiply-adds of a convolution in tiles of 2 x 2 outputs, 16 for each pair of channels.
constexpr std::int64_t winograd_products(sampling rows, sampling columns, int in, int out) {
  return std::int64_t{(rows.outputs() + 1) / 2} * ((columns.outputs() + 1) / 2) * 16 * in * out;
}

/// Whether Winograd's products of so many channels and their additions, 64 a channel and tile as
/// measured, take less than nine tenths of the direct products of a window of 3 x 3 with strides
/// of 1. Up to 512 channels, whose tiles fit on a thread's stack.
constexpr bool winograd_pays(sampling rows, sampling columns, int in, int out, int multiplied_in) {
  if (rows.window != 3 || columns.window != 3 || rows.stride != 1 || columns.stride != 1 ||
      in + out > 512)
    return false;
  const std::int64_t tiles = winograd_products(rows, columns, 1, 1) / 16;
  const std::int64_t direct = taps_on_image(rows) * taps_on_image(columns) * in * out;
  const std::int64_t winograd =
      winograd_products(rows, columns, multiplied_in, out) + tiles * 64 * (std::int64_t{in} + out);
  return 10 * winograd < 9 * direct;
}

/// Whether a convolution and the gradient of its input are computed by Winograd's products.
constexpr bool winograd_wins(sampling rows, sampling columns, int in, int out) {
  return winograd_pays(rows, columns, in, out, in);
}

/// Whether the gradient of its weights is, too: there the channels of the input fill lanes.
constexpr bool winograd_wins_weights(sampling rows, sampling columns, int in, int out) {
  return winograd_pays(rows, columns, in, out, static_cast<int>(transposed_values(in)));
}

/// What wins(rows, columns, in, out) says of the convolution at a place of a network, unless it is
/// `direct`.
template <class Located, class Wins>
constexpr bool asks_of_convolution(Wins wins) {
  using Layer = typename Located::layer;
  return !Layer::is_direct &&
         wins(Layer::rows(typename Located::in{}), Layer::columns(typename Located::in{}),
              extents_of(typename Located::in{}).channels,
              extents_of(typename Located::out{}).channels);
}

template <class Located>
constexpr bool takes_winograd() {
  if constexpr (requires { Located::layer::is_direct; })
    return asks_of_convolution<Located>(winograd_wins);
  else
    return false;
}

template <class Located>
constexpr bool takes_winograd_for_weights() {
  if constexpr (requires { Located::layer::is_direct; })
    return asks_of_convolution<Located>(winograd_wins_weights);
  else
    return false;
}

/// Where the transformed weights of a convolution, those for the gradient of its input and, if
/// `weights`, the gradient of the transformed weights lie among its fixed values; the last two
/// where it trains. The weights of the kernels for few images come first where it predicts.
struct winograd_places {
  std::ptrdiff_t forward = 0, backward = 0, gradient = 0, end = 0;
};

constexpr winograd_places winograd_places_of(int in, int out, fusion_mode mode, bool weights) {
  winograd_places at{};
  at.forward = mode == fusion_mode::training ? 0 : packed_values(9, in, out);
  at.end = at.backward = at.forward + packed_values(16, in, out);
  if (mode == fusion_mode::inference) return at;
  at.end = at.gradient = at.backward + packed_values(16, out, in);
  if (weights) at.end += std::ptrdiff_t{16} * out * transposed_values(in);
  return at;
}

}  // namespace lamina::detail
