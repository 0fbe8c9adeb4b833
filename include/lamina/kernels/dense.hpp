// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/dense_packed.hpp"
#include "lamina/kernels/dense_product.hpp"
#include "lamina/kernels/dense_sparse.hpp"
#include "lamina/kernels/dense_transposed.hpp"
#include "lamina/kernels/layout.hpp"

namespace lamina::kernels {

/// y = activation(weights x + bias) for the given outputs of the given blocks. The sum runs over
/// the inputs in order, so a result does not depend on how the ranges were split. Where most of x
/// is zero, so are the terms, and left out: the same sums; but a weight that is not finite, times
/// zero, is not seen. The gradients of the input and the weights do so where most of dy is zero.
/// Packed weights serve all outputs at once, and ask for what is read soon.
template <class Arch = native, class T, class Activation>
void dense_forward(dense_extents e, std::type_identity_t<dense_matrix<T>> weights,
                   const T* bias,               // (out)
                   reading<T> x, blocked<T> y,  // (block, in, lane), (block, out, lane)
                   range blocks, range outputs, Activation activation, read_soon soon = {}) {
  e = {opaque(e.in), opaque(e.out)};  // or g++ copies what it calls for the extents of each layer
  const detail::activated<Activation> how{activation};
  const auto end = detail::ending_of<Arch, T>(how);
  const detail::dense_product<T> product{
      weights.rows, e.in, 1, bias, x, y, e.in, std::is_same_v<Activation, relu>};
  detail::dense_product<T> sparse = product;
  if (weights.turned != nullptr) sparse = {weights.turned, 1, e.out, bias, x, y, e.in};
  if (detail::goes_sparse<Arch>(sparse, blocks, outputs))
    detail::dense_blocks_sparse<Arch, T>(sparse, blocks, outputs, end);
  else if (weights.packed != nullptr && outputs.last - outputs.first == e.out)
    detail::dense_blocks_packed<Arch, T>(product, weights.packed, blocks, e.out, end, soon);
  else
    detail::dense_blocks<Arch, T>(product, blocks, outputs, end);
}

/// The share of some outputs in the gradient of the given inputs of the given blocks.
template <class Arch = native, class T>
void dense_backward_input_of(range outputs, dense_extents e,
                             const T* weights,              // (out, in)
                             reading<T> dy, blocked<T> dx,  // (block, out, lane), (block, in, lane)
                             range blocks, range inputs) {
  const std::ptrdiff_t row = outputs.first;
  const blocked<const T> from{dy.data + row * lanes, dy.stride};
  detail::dense_transposed<Arch, T>(
      {weights + row * e.in, 1, e.in, nullptr, from, dx, outputs.last - outputs.first}, blocks,
      inputs, {});
}

/// dx = transposed weights dy for the given inputs of the given blocks.
template <class Arch = native, class T>
void dense_backward_input(dense_extents e,
                          const T* weights,              // (out, in)
                          reading<T> dy, blocked<T> dx,  // (block, out, lane), (block, in, lane)
                          range blocks, range inputs) {
  dense_backward_input_of<Arch>({0, e.out}, e, weights, dy, dx, blocks, inputs);
}

/// The same where x, the layer's input, is the output of an activation: the gradient in front of
/// it.
template <class Arch = native, class T, class Activation>
void dense_backward_input(dense_extents e,
                          const T* weights,              // (out, in)
                          reading<T> dy, blocked<T> dx,  // (block, out, lane), (block, in, lane)
                          range blocks, range inputs, Activation activation, reading<T> x) {
  using end = detail::passed_back<T, Activation>;
  const end how{activation, x};
  detail::dense_transposed<Arch, T>({weights, 1, e.in, nullptr, dy, dx, e.out}, blocks, inputs,
                                    {detail::dense_end<Arch, end, T>, &how});
}

/// The share that lies elsewhere is added to dx, and the sum becomes the gradient in front of the
/// activation whose output x is.
template <class Arch = native, class T, class Activation>
void dense_add_input_gradient(dense_extents e, reading<T> other,
                              blocked<T> dx,  // (block, in, lane)
                              range blocks, range inputs, Activation activation, reading<T> x) {
  using end = detail::joined_and_passed_back<T, Activation>;
  const end how{{activation, x}, other};
  detail::dense_end<Arch, end, T>({nullptr, 1, e.in, nullptr, {}, dx, 0}, blocks, inputs, &how);
}

}  // namespace lamina::kernels
