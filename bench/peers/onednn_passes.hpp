// SPDX-License-Identifier: BSL-1.0
// Normalisation, pooling and dropout from the primitives of oneDNN.
#pragma once

#include "onednn_composition.hpp"

namespace peers {

/// Normalisation by the statistics of the batch, moving ones kept; for training.
struct normalisation : layer {
  normalisation(composition& in, const memory& input, int position) : x(input) {
    using namespace dnnl;
    const auto channels = extents_of(input)[1];
    const std::string name = std::to_string(position);
    pd = describe_normalisation(in.engine, x.get_desc(), 1e-3F, flags);
    const auto of_channels = described({channels}, tag::x);
    scale = &in.parameter(name + ".weight", {channels}, tag::x, of_channels);
    shift = &in.parameter(name + ".bias", {channels}, tag::x, of_channels);
    const memory moving_mean = in.constant(name + ".running_mean", {channels}, tag::x, of_channels);
    const memory moving_variance =
        in.constant(name + ".running_var", {channels}, tag::x, of_channels);
    mean = in.make(pd.mean_desc());
    variance = in.make(pd.variance_desc());
    output = in.make(pd.dst_desc());
    in.call(in.forward, batch_normalization_forward(pd),
            {{DNNL_ARG_SRC, x},
             {DNNL_ARG_SCALE, scale->values},
             {DNNL_ARG_SHIFT, shift->values},
             {DNNL_ARG_MEAN, mean},
             {DNNL_ARG_VARIANCE, variance},
             {DNNL_ARG_DST, output}});
    in.forward.push_back([=, this] {
      for (std::ptrdiff_t c = 0; c < channels; ++c) {
        float& m = values_of(moving_mean)[c];
        float& v = values_of(moving_variance)[c];
        m = 0.99F * m + 0.01F * values_of(mean)[c];
        v = 0.99F * v + 0.01F * values_of(variance)[c];
      }
    });
  }

  memory backward(composition& in, memory gradient, bool) override {
    using namespace dnnl;
    const memory dy = in.in_format(in.backward, gradient, x.get_desc());
    const auto of = describe_normalisation_backward(in.engine, x.get_desc(), 1e-3F, flags, pd);
    arguments with{{DNNL_ARG_SRC, x},
                   {DNNL_ARG_MEAN, mean},
                   {DNNL_ARG_VARIANCE, variance},
                   {DNNL_ARG_SCALE, scale->values},
                   {DNNL_ARG_DIFF_DST, dy},
                   {DNNL_ARG_DIFF_SRC, dy},
                   {DNNL_ARG_DIFF_SCALE, scale->gradient},
                   {DNNL_ARG_DIFF_SHIFT, shift->gradient}};
    if (backward_wants_shift) with.insert({DNNL_ARG_SHIFT, shift->values});
    in.call(in.backward, batch_normalization_backward(of), with);
    return dy;
  }

  inline static const dnnl::normalization_flags flags =
      dnnl::normalization_flags::use_scale | dnnl::normalization_flags::use_shift;
  dnnl::batch_normalization_forward::primitive_desc pd;
  memory x, mean, variance;
  learnt *scale = nullptr, *shift = nullptr;
};

/// max_pool<2, same>
struct pooling : layer {
  pooling(composition& in, const memory& input) : x(input) {
    using namespace dnnl;
    const dims from = extents_of(x);
    extents = {from[0], from[1], (from[2] + 1) / 2, (from[3] + 1) / 2};
    end = {from[2] % 2, from[3] % 2};
    pd = describe_max_pool(in.engine,
                           in.training ? prop_kind::forward_training : prop_kind::forward_inference,
                           x.get_desc(), described(extents), two, begin, end);
    output = in.make(pd.dst_desc());
    arguments with{{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, output}};
    if (in.training) with.insert({DNNL_ARG_WORKSPACE, found = in.make(pd.workspace_desc())});
    in.call(in.forward, pooling_forward(pd), with);
  }

  memory backward(composition& in, memory gradient, bool) override {
    using namespace dnnl;
    const memory dy = in.in_format(in.backward, gradient, output.get_desc());
    const auto of =
        describe_max_pool_backward(in.engine, x.get_desc(), dy.get_desc(), two, begin, end, pd);
    const memory dx = in.make(of.diff_src_desc());
    in.call(in.backward, pooling_backward(of),
            {{DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_WORKSPACE, found}, {DNNL_ARG_DIFF_SRC, dx}});
    return dx;
  }

  inline static const dims two{2, 2}, begin{0, 0};
  dims extents, end;
  dnnl::pooling_forward::primitive_desc pd;
  memory x, found;
};

/// In place; the mask is drawn from a hash of a counter.
struct dropout : layer {
  dropout(composition& in, const memory& input, float rate) {
    output = input;
    const std::ptrdiff_t count = extent_of(input);
    mask.resize(static_cast<std::size_t>(count));
    in.forward.push_back([=, this] {
      const std::uint32_t seed = ++iteration * 0x9e3779b9U;
      const auto least = static_cast<std::uint32_t>(static_cast<double>(rate) * 4294967296.0);
      float* x = values_of(output);
      float* m = mask.data();
#pragma omp parallel for simd
      for (std::ptrdiff_t i = 0; i < count; ++i) {
        std::uint32_t bits = static_cast<std::uint32_t>(i) * 0x85ebca6bU + seed;
        bits = (bits ^ (bits >> 15)) * 0xc2b2ae35U;
        bits ^= bits >> 16;
        m[i] = bits >= least ? 1 / (1 - rate) : 0.0F;
        x[i] *= m[i];
      }
    });
  }

  memory backward(composition& in, memory gradient, bool) override {
    const memory dy = in.in_format(in.backward, gradient, output.get_desc());
    const std::ptrdiff_t count = extent_of(dy);
    in.backward.push_back([=, this] {
      float* g = values_of(dy);
      const float* m = mask.data();
#pragma omp parallel for simd
      for (std::ptrdiff_t i = 0; i < count; ++i) g[i] *= m[i];
    });
    return dy;
  }

  std::vector<float> mask;
  std::uint32_t iteration = 0;
};

}  // namespace peers
