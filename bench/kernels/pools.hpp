// SPDX-License-Identifier: BSL-1.0
// Pools, alone and behind a normalisation.
#pragma once

#include <algorithm>
#include <string>

#include "passes.hpp"

#include <lamina/execution/pooling.hpp>
#include <lamina/kernels/normalised_pool.hpp>
#include <lamina/kernels/pool.hpp>

namespace bench {

template <class Located>
void add_max_pool(const std::string& shape) {
  static constexpr kernels::pool_extents e = lamina::execution::pool_extents_of<Located>();
  const int in = Located::in::size;
  const int out = Located::out::size;
  const kernels::range all{0, e.channels};
  const auto largest = [](pass_memory& m, int image, int o, bool scaled) {
    const int c = o / (e.out_height * e.out_width);
    float best = -1e30F;
    for (int k = 0; k < e.window_height * e.window_width; ++k) {
      const int y =
          o / e.out_width % e.out_height * e.stride_height + k / e.window_width - e.pad_top;
      const int x = o % e.out_width * e.stride_width + k % e.window_width - e.pad_left;
      if (y < 0 || y >= e.in_height || x < 0 || x >= e.in_width) continue;
      const float value = m.x.at(image, (c * e.in_height + y) * e.in_width + x);
      best = std::max(best, scaled ? value * m.scale.data()[c] + m.shift.data()[c] : value);
    }
    return best;
  };
  const auto routed = [=](pass_memory& m) {  // all of dy arrives
    double sent = 0;
    double arrived = 0;
    for (int i = 0; i < out; ++i) sent += m.dy.at(0, i);
    for (int i = 0; i < in; ++i) arrived += m.dx.at(0, i);
    return near(arrived, sent);
  };
  const auto each_block = [](auto kernel) {
    return [=](pass_memory& m) {
      for (int b = 0; b < m.blocks; ++b) kernel(m, static_cast<const float*>(m.x.block(b)), b);
    };
  };
  add_pass("max_pool_forward/" + shape, {in, out, e.channels, 4.0 * (in + out)},
           each_block([=](pass_memory& m, const float* x, int b) {
             kernels::max_pool_forward<Arch>(e, x, m.y.block(b), all);
           }),
           values(&pass_memory::y, out,
                  [=](pass_memory& m, int image, int o) { return largest(m, image, o, false); }));
  add_pass("max_pool_backward/" + shape, {in, out, e.channels, 4.0 * (2 * in + out)},
           each_block([=](pass_memory& m, const float* x, int b) {
             kernels::max_pool_backward<Arch>(e, x, static_cast<const float*>(m.dy.block(b)),
                                              m.dx.block(b), all);
           }),
           routed);
  add_pass("scale_shift_max_pool_forward/" + shape, {in, out, e.channels, 4.0 * (in + out)},
           each_block([=](pass_memory& m, const float* x, int b) {
             kernels::scale_shift_max_pool_forward<Arch>(
                 e, x, m.y.block(b), static_cast<const float*>(m.scale.data()),
                 static_cast<const float*>(m.shift.data()), all);
           }),
           values(&pass_memory::y, out,
                  [=](pass_memory& m, int image, int o) { return largest(m, image, o, true); }));
  add_pass("scale_shift_max_pool_backward/" + shape, {in, out, e.channels, 4.0 * (2 * in + out)},
           each_block([=](pass_memory& m, const float* x, int b) {
             kernels::scale_shift_max_pool_backward<Arch>(
                 e, x, static_cast<const float*>(m.scale.data()),
                 static_cast<const float*>(m.shift.data()),
                 static_cast<const float*>(m.dy.block(b)), m.dx.block(b), all);
           }),
           routed);
}

/// A normalisation with the pool behind it, backward: the gradient of the pool's output in, that of
/// the normalisation's input out. Held against the same in two steps.
template <class Located>
void add_normalised_pool(const std::string& shape) {
  static constexpr kernels::pool_extents e = lamina::execution::pool_extents_of<Located>();
  if constexpr (kernels::pools_each_pixel_once<Arch>(e)) {
    const int in = Located::in::size;
    const int out = Located::out::size;
    const kernels::plane_extents planes{e.channels, e.in_height * e.in_width};
    const kernels::range all{0, e.channels};
    using read = const float*;
    const auto routed = [=](pass_memory& m, activations& to) {
      for (int b = 0; b < m.blocks; ++b) {
        kernels::scale_shift_max_pool_backward<Arch>(e, read(m.x.block(b)), read(m.scale.data()),
                                                     read(m.shift.data()), read(m.dy.block(b)),
                                                     to.block(b), all);
      }
    };
    add_pass(
        "batch_norm_max_pool_backward_sums/" + shape, {in, out, e.channels, 4.0 * (in + out)},
        [=](pass_memory& m) {
          kernels::batch_norm_max_pool_backward_sums<Arch>(
              e, m.x.view(), m.dy.view(), m.blocks, read(m.shift.data()), read(m.scale.data()),
              read(m.scale.data()), read(m.shift.data()), m.squares.data(), m.sums.data(), all);
        },
        [=](pass_memory& m) {
          activations whole(m.blocks, in, 9);
          routed(m, whole);
          buffer squares(static_cast<std::size_t>(e.channels));
          buffer sums(static_cast<std::size_t>(e.channels));
          kernels::batch_norm_backward_sums<Arch>(planes, m.x.view(), whole.view(), m.blocks,
                                                  read(m.shift.data()), read(m.scale.data()),
                                                  squares.data(), sums.data(), all);
          for (int c = 0; c < e.channels; ++c) {
            if (!near(m.sums.data()[c], sums.data()[c])) return false;
            if (!near(m.squares.data()[c], squares.data()[c])) return false;
          }
          return true;
        });
    add_pass(
        "batch_norm_max_pool_backward_input/" + shape, {in, out, e.channels, 4.0 * (2 * in + out)},
        [=](pass_memory& m) {
          kernels::batch_norm_max_pool_backward_input<Arch>(
              e, m.x.view(), m.dy.view(), m.dx.view(), m.images, read(m.shift.data()),
              read(m.scale.data()), read(m.scale.data()), read(m.squares.data()),
              read(m.sums.data()), read(m.scale.data()), read(m.shift.data()), {0, m.blocks}, all);
        },
        [=](pass_memory& m) {
          activations whole(m.blocks, in, 9);
          routed(m, whole);
          kernels::batch_norm_backward_input<Arch>(
              planes, m.x.view(), whole.view(), whole.view(), m.images, read(m.shift.data()),
              read(m.scale.data()), read(m.scale.data()), read(m.squares.data()),
              read(m.sums.data()), {0, m.blocks}, all);
          for (int i = 0; i < in; ++i) {
            if (!near(m.dx.at(17, i), whole.at(17, i))) return false;
          }
          return true;
        });
  }
}

}  // namespace bench
