// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/execution/frame.hpp>
#include <lamina/kernels/conv2d_backward_input.hpp>
#include <lamina/kernels/conv2d_forward.hpp>
#include <lamina/kernels/conv2d_pack.hpp>
#include <lamina/kernels/conv2d_weights.hpp>
#include <lamina/kernels/dense.hpp>
#include <lamina/kernels/dense_weights.hpp>
#include <lamina/kernels/layout.hpp>
#include <lamina/layers/conv2d.hpp>
#include <lamina/layers/dense.hpp>

namespace lamina::execution {

/// What the packed weights of a product are for.
enum class packed_for { inference, output, output_and_input_gradient };

/// What a network's products pack their weights for.
constexpr packed_for use_of_packed(fusion_mode mode, bool wants_input_gradient) {
  return mode == fusion_mode::inference ? packed_for::inference
         : wants_input_gradient         ? packed_for::output_and_input_gradient
                                        : packed_for::output;
}

/// One interface over the kernels of dense and conv2d; parameters as in PyTorch's layout.
template <class Located, class T, class Arch, class Layer = typename Located::layer>
struct product_kernels;

template <class Located, class T, class Arch, auto Units>
struct product_kernels<Located, T, Arch, layers::dense<Units>> {
  static constexpr detail::extents in = detail::extents_of(typename Located::in{});
  static constexpr kernels::dense_extents extents{in.size(), Units};
  static constexpr bool transposes = true;
  static constexpr bool finds_zeros = true;
  static constexpr int blocks_at_once = 4;
  static constexpr int gradients_at_once = 8;  // blocks of the input's gradient
  /// Outputs and inputs of a piece come in multiples of these.
  static constexpr int tile = kernels::dense_slice<Arch, T>;
  static constexpr int input_tile = tile;
  static constexpr int weights_tile = kernels::dense_weights_output_tile<Arch, T>;
  static constexpr double work_of_a_piece = 4'000'000;  // its weights stay in the second cache
  static constexpr std::ptrdiff_t weights_of_an_output = in.size();
  static constexpr std::ptrdiff_t turned_values = detail::turned_values(extents.in, extents.out);
  static constexpr bool turns = turned_values > 0;
  static constexpr bool in_tiles = detail::tiled_values(extents.in, extents.out) > 0 &&
                                   kernels::packs_dense_outputs<Arch, T>(extents.out);
  /// Floating-point operations of the blocks of a piece, all outputs.
  static constexpr double work = 2.0 * blocks_at_once * lanes * in.size() * Units;
  /// The same of the input's gradient; beginning and ending a sum costs what 64 of its terms do.
  static constexpr double work_of_input_gradients =
      2.0 * gradients_at_once * lanes * in.size() * (Units + 64);

  /// Whether its weights are turned round or packed for this.
  static constexpr bool packs(packed_for use) {
    return use == packed_for::inference && (turns || in_tiles);
  }

  static void pack(const T* weights, T* fixed, packed_for use) {
    if (!packs(use)) return;
    if constexpr (turns) kernels::turn_dense_weights<Arch>(extents, weights, fixed);
    if constexpr (in_tiles)
      kernels::pack_dense_weights<Arch>(extents, weights, fixed + turned_values);
  }

  /// `fixed`: null where nothing was packed.
  static kernels::dense_matrix<T> matrix_of(const T* weights, const T* fixed) {
    return {weights, turns ? fixed : nullptr,
            in_tiles && fixed != nullptr ? fixed + turned_values : nullptr};
  }

  template <class Activation>
  static void forward(const T* weights, const T* bias, const T* fixed, blocked<const T> x,
                      blocked<T> y, range blocks, range outputs, Activation activation,
                      kernels::read_soon soon = {}) {
    kernels::dense_forward<Arch>(extents, matrix_of(weights, fixed), bias, x, y, blocks, outputs,
                                 activation, soon);
  }

  /// Behind the ranges, the activation whose output x is and x, where the gradient is the one in
  /// front of it.
  template <class... Before>
  static void backward_input(const T* weights, const T*, blocked<const T> dy, blocked<T> dx,
                             range blocks, range inputs, Before... before) {
    kernels::dense_backward_input<Arch>(extents, weights, dy, dx, blocks, inputs, before...);
  }

  /// The share of some outputs, and the sum of two.
  static void backward_input_of(range outputs, const T* weights, blocked<const T> dy, blocked<T> dx,
                                range blocks, range inputs) {
    kernels::dense_backward_input_of<Arch>(outputs, extents, weights, dy, dx, blocks, inputs);
  }
  template <class Before>
  static void add_input_gradient(blocked<const T> other, blocked<T> dx, range blocks, range inputs,
                                 Before before, blocked<const T> x) {
    kernels::dense_add_input_gradient<Arch>(extents, other, dx, blocks, inputs, before, x);
  }

  static void backward_weights(blocked<const T> dy, blocked<const T> transposed, int blocks, T* dw,
                               T* db, range outputs) {
    kernels::dense_backward_weights<Arch>(extents, dy, transposed, blocks, dw, db, outputs);
  }

  /// Calls use(outputs, dw) for one tile of outputs after the other; their dw stays in the second
  /// cache and is not kept.
  template <class Use>
  static void backward_weights_by_tile(blocked<const T> dy, blocked<const T> transposed, int blocks,
                                       T* db, range outputs, const Use& use) {
    alignas(64) T dw[updated_at_once * in.size()];
    for (int first = outputs.first; first < outputs.last; first += updated_at_once) {
      const int count = std::min(updated_at_once, outputs.last - first);
      const blocked<const T> from{dy.data + std::ptrdiff_t{lanes} * first, dy.stride};
      kernels::dense_backward_weights<Arch>(extents, from, transposed, blocks, dw, db + first,
                                            {0, count});
      use(range{first, first + count}, dw);
    }
  }
  static constexpr int most_updated = (160 << 10) / static_cast<int>(sizeof(T));
  static constexpr int updated_at_once = [] {
    int outputs = 48;
    while (outputs > 12 && outputs * in.size() > most_updated) outputs -= 12;
    return std::min(outputs, Units);
  }();
  static constexpr bool goes_by_tile = updated_at_once * in.size() <= most_updated;
};

template <class Located, class T, class Arch, auto Filters, class... Options>
struct product_kernels<Located, T, Arch, layers::conv2d<Filters, Options...>> {
  using layer = layers::conv2d<Filters, Options...>;
  using window = kernels::window<layer::window::height, layer::window::width, layer::stride::height,
                                 layer::stride::width>;
  static constexpr detail::extents in = detail::extents_of(typename Located::in{});
  static constexpr detail::extents out = detail::extents_of(typename Located::out{});
  static constexpr kernels::conv2d_extents extents{
      in.channels,
      in.height,
      in.width,
      out.channels,
      out.height,
      out.width,
      layer::rows(typename Located::in{}).padding(),
      layer::columns(typename Located::in{}).padding()};
  static constexpr bool transposes = false;
  static constexpr bool finds_zeros = false;
  static constexpr bool goes_by_tile = false;
  static constexpr int blocks_at_once = 1, gradients_at_once = 1;
  static constexpr double work_of_a_piece = 1'000'000;
  static constexpr int tile = kernels::conv2d_output_tile<Arch, T>, input_tile = tile;
  static constexpr int weights_tile =
      kernels::conv2d_weights_output_tile<Arch, T, layer::window::width>;
  static constexpr std::ptrdiff_t weights_of_an_output =
      std::ptrdiff_t{in.channels} * layer::window::height * layer::window::width;
  static constexpr double work =
      2.0 * lanes * static_cast<double>(layer::multiply_adds(typename Located::in{}));
  static constexpr double work_of_input_gradients = work;

  /// Where the weights packed for the input's gradient begin.
  static constexpr std::ptrdiff_t backward_packed = detail::packed_values(
      layer::window::height * layer::window::width, in.channels, out.channels);

  static constexpr bool packs(packed_for) { return true; }

  static void pack(const T* weights, T* fixed, packed_for use) {
    kernels::conv2d_pack_forward<Arch>(window{}, extents, weights, fixed);
    if (use == packed_for::output_and_input_gradient) {
      kernels::conv2d_pack_backward_input<Arch>(window{}, extents, weights,
                                                fixed + backward_packed);
    }
  }

  template <class Activation>
  static void forward(const T*, const T* bias, const T* fixed, blocked<const T> x, blocked<T> y,
                      range blocks, range outputs, Activation activation, kernels::read_soon = {}) {
    kernels::conv2d_forward<Arch>(window{}, extents, fixed, bias, x, y, blocks, outputs,
                                  activation);
  }

  static void backward_input(const T*, const T* fixed, blocked<const T> dy, blocked<T> dx,
                             range blocks, range channels) {
    kernels::conv2d_backward_input<Arch>(window{}, extents, fixed + backward_packed, dy, dx, blocks,
                                         channels);
  }

  static void backward_weights(blocked<const T> dy, blocked<const T> x, int blocks, T* dw, T* db,
                               range outputs) {
    kernels::conv2d_backward_weights<Arch>(window{}, extents, dy, x, blocks, dw, db, outputs);
  }
};

}  // namespace lamina::execution
