// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/execution/frame.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/kernels/pool.hpp>
#include <lamina/layers/kind.hpp>

namespace lamina::execution {

/// The window of a pool at the place `Located`.
template <class Located>
constexpr kernels::pool_extents pool_extents_of() {
  using Layer = typename Located::layer;
  constexpr auto in = detail::extents_of(typename Located::in{});
  constexpr auto rows = Layer::rows(typename Located::in{});
  constexpr auto columns = Layer::columns(typename Located::in{});
  return {in.channels,       in.height,      in.width,         rows.outputs(),
          columns.outputs(), rows.window,    columns.window,   rows.stride,
          columns.stride,    rows.padding(), columns.padding()};
}

/// max_pool, average_pool and global_average_pool.
template <class Blueprint, int Index, class T, class Arch>
struct pooling_step : step_place<Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  static constexpr kernels::pool_extents window =
      pool_extents_of<typename place::template located<0>>();
  static constexpr bool takes_maximum = place::operation.kind == layer_kind::max_pool;
  static constexpr split parts = split::by_work(
      window.channels, 1, 16.0 * window.channels * window.in_height * window.in_width, 20'000);

  static void prepare(const frame<T>&) {}

  static void forward_piece(const frame<T>& batch, int block, range channels) {
    const T* x = place::input(batch).block(block);
    T* y = place::output(batch).block(block);
    if constexpr (takes_maximum) {
      kernels::max_pool_forward<Arch>(window, x, y, channels);
    } else {
      kernels::average_pool_forward<Arch>(window, x, y, channels);
    }
  }

  static void backward_piece(const frame<T>& batch, int block, range channels) {
    const T* dy = place::output_gradient(batch).block(block);
    T* dx = place::input_gradient(batch).block(block);
    const T* x = place::input(batch).block(block);
    if constexpr (takes_maximum) {
      kernels::max_pool_backward<Arch>(window, x, dy, dx, channels);
    } else {
      kernels::average_pool_backward<Arch>(window, x, dy, dx, channels);
    }
  }

  static void forward_blocks(const frame<T>& batch, range blocks) {
    for (int block = blocks.first; block < blocks.last; ++block) {
      forward_piece(batch, block, {0, window.channels});
    }
  }

  static void forward(const frame<T>& batch) {
    const auto piece = [&](int part) {
      const int slice = part % parts.parts;
      forward_piece(batch, part / parts.parts, {parts.begin(slice), parts.end(slice)});
    };
    run_pieces(batch.blocks() * parts.parts, piece);
  }

  static void backward(const frame<T>& batch, const gradient_sink<T>&) {
    if constexpr (place::wants_input_gradient) {
      const auto piece = [&](int part) {
        const int slice = part % parts.parts;
        backward_piece(batch, part / parts.parts, {parts.begin(slice), parts.end(slice)});
      };
      run_pieces(batch.blocks() * parts.parts, piece);
    }
  }
};

}  // namespace lamina::execution
