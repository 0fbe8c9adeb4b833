// SPDX-License-Identifier: BSL-1.0
// conv2d by Winograd's products in its three directions, held against the terms of the direct ones.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "fusions.hpp"
#include "products.hpp"

#include <lamina/bench/direct.hpp>
#include <lamina/kernels/winograd_pool.hpp>
#include <lamina/kernels/winograd_weights.hpp>
#include <lamina/plan/winograd.hpp>

namespace bench {

/// A layer at its place, a convolution one that is `direct`.
template <class Located>
using computed_directly = typename lamina::bench::detail::made_direct<Located>::type;

/// Transformed weights and scratch memory, beside what the direct kernels work on.
template <class Direct>
struct winograd_memory {
  static constexpr kernels::conv2d_extents extents = product<Direct>::kernels::extents;
  static constexpr kernels::conv2d_extents turned = kernels::winograd_turned(extents);
  static constexpr int strips = kernels::winograd_channels(extents) / lanes;

  explicit winograd_memory(const float* weights) {
    kernels::winograd_pack_forward<Arch>(extents, weights,
                                         {0, kernels::winograd_packed_tiles<Arch, float>(extents)},
                                         forward.data());
    kernels::winograd_pack_backward_input<Arch>(
        extents, weights, {0, kernels::winograd_packed_tiles<Arch, float>(turned)},
        backward.data());
  }

  buffer forward{kernels::winograd_packed_size<Arch, float>(extents)};
  buffer backward{kernels::winograd_packed_size<Arch, float>(turned)};
  buffer gradient{kernels::winograd_gradient_size(extents)};
  buffer scratch{std::max({kernels::winograd_scratch<Arch, float>(extents),
                           kernels::winograd_scratch<Arch, float>(turned),
                           kernels::winograd_weights_scratch<Arch, float>(extents)})};
};

template <class Direct>
struct winograd_forward : forward<Direct> {
  explicit winograd_forward(int count) : forward<Direct>(count), memory(this->weights.data()) {}

  void run() {
    kernels::winograd_forward<Arch>(memory.extents, read(memory.forward), read(this->bias),
                                    this->x.view(), this->y.view(), {0, this->blocks},
                                    {0, kernels::winograd_rows(memory.extents)},
                                    memory.scratch.data(), kernels::relu{});
  }

  winograd_memory<Direct> memory;
};

template <class Direct>
struct winograd_input_gradient : input_gradient<Direct> {
  explicit winograd_input_gradient(int count)
      : input_gradient<Direct>(count), memory(this->weights.data()) {}

  void run() {
    kernels::winograd_backward_input<Arch>(
        memory.extents, read(memory.backward), this->y.view(), this->dx.view(), {0, this->blocks},
        {0, kernels::winograd_rows(memory.turned)}, memory.scratch.data());
  }

  winograd_memory<Direct> memory;
};

template <class Direct>
struct winograd_weight_gradient : weight_gradient<Direct> {
  explicit winograd_weight_gradient(int count)
      : weight_gradient<Direct>(count), memory(this->weights.data()) {}

  void run() {
    kernels::winograd_backward_positions<Arch>(memory.extents, this->y.view(), this->x.view(),
                                               this->blocks, {0, 4}, {0, memory.strips},
                                               memory.scratch.data(), memory.gradient.data());
    kernels::winograd_finish_weights<Arch>(memory.extents, read(memory.gradient), this->y.view(),
                                           this->blocks, this->dw.data(), this->db.data(),
                                           {0, product<Direct>::channels});
  }

  winograd_memory<Direct> memory;
};

/// Inference: the convolution ends in its normalisation and pool; or it is stored first.
template <class Direct, class Pool, int Blocks>
struct winograd_pooled : convolution_with_pool<Direct, Pool, Blocks> {
  using base = convolution_with_pool<Direct, Pool, Blocks>;
  static_assert(kernels::winograd_takes_pool(base::pool));

  winograd_pooled() : memory(this->weights.data()) {}

  void fused() {
    kernels::winograd_pool_forward<Arch>(
        base::extents, read(memory.forward), read(this->bias), this->x.view(), this->z.view(),
        read(this->scale), read(this->shift), base::blocks, scratch.data(), base::activation);
  }
  void apart() {
    kernels::winograd_forward<Arch>(memory.extents, read(memory.forward), read(this->bias),
                                    this->x.view(), this->y.view(), base::blocks,
                                    {0, kernels::winograd_rows(memory.extents)}, scratch.data(),
                                    base::activation);
    this->pool_normalised();
  }
  std::vector<float> result() { return values_of(this->z, 1, base::pooled); }

  winograd_memory<Direct> memory;
  buffer scratch{kernels::winograd_pool_scratch<Arch, float>(base::extents)};
};

/// The rows of a convolution that a network runs by Winograd's products.
template <class Located>
void add_winograd(bool learns_before) {
  if constexpr (lamina::detail::takes_winograd<Located>()) {
    using direct = computed_directly<Located>;
    constexpr int blocks = 2;
    const effort of = effort_of<Located>(blocks);
    const std::string where =
        "/" + terms<direct>::name() + "/images:" + std::to_string(blocks * lanes);
    add_kernel<winograd_forward<direct>>("winograd_forward" + where, of, blocks);
    if (learns_before)
      add_kernel<winograd_input_gradient<direct>>("winograd_backward_input" + where, of, blocks);
    if constexpr (lamina::detail::takes_winograd_for_weights<Located>())
      add_kernel<winograd_weight_gradient<direct>>("winograd_backward_weights" + where, of, blocks);
  }
}

}  // namespace bench
