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

/// Whether a window of 3 x 3 with strides of 1 is computed by Winograd's products: where these and
/// their additions, 64 a channel and tile as measured, take less than four fifths of the direct
/// products. Up to 512 channels, whose tiles fit on a thread's stack.
constexpr bool winograd_wins(sampling rows, sampling columns, int in, int out) {
  if (rows.window != 3 || columns.window != 3 || rows.stride != 1 || columns.stride != 1 ||
      in + out > 512)
    return false;
  const std::int64_t tiles = winograd_products(rows, columns, 1, 1) / 16;
  const std::int64_t direct = taps_on_image(rows) * taps_on_image(columns) * in * out;
  const auto lanes_of_in = static_cast<int>(transposed_values(in));  // for the weights' gradient
  const std::int64_t winograd =
      winograd_products(rows, columns, lanes_of_in, out) + tiles * 64 * (std::int64_t{in} + out);
  return 5 * winograd < 4 * direct;
}

/// The same of the layer at a place of a network.
template <class Located>
constexpr bool takes_winograd() {
  using Layer = typename Located::layer;
  if constexpr (kind_of<Layer>() == layer_kind::product && Located::in::rank == 3) {
    if constexpr (Layer::is_direct) {
      return false;
    } else {
      return winograd_wins(Layer::rows(typename Located::in{}),
                           Layer::columns(typename Located::in{}),
                           extents_of(typename Located::in{}).channels,
                           extents_of(typename Located::out{}).channels);
    }
  } else {
    return false;
  }
}

/// Where the transformed weights of a convolution, those for the gradient of its input and the
/// gradient of the transformed weights lie among its fixed values; the last two where it trains.
/// The weights of the kernels for few images come first where it predicts.
struct winograd_places {
  std::ptrdiff_t forward = 0, backward = 0, gradient = 0, end = 0;
};

constexpr winograd_places winograd_places_of(int in, int out, fusion_mode mode) {
  winograd_places at{};
  at.forward = mode == fusion_mode::training ? 0 : packed_values(9, in, out);
  at.end = at.backward = at.forward + packed_values(16, in, out);
  if (mode == fusion_mode::inference) return at;
  at.gradient = at.backward + packed_values(16, out, in);
  at.end = at.gradient + std::ptrdiff_t{16} * out * transposed_values(in);
  return at;
}

}  // namespace lamina::detail
