// SPDX-License-Identifier: BSL-1.0
// Layers hand-composed from oneDNN's primitives (2.6), created once, in the formats that it
// chooses.
#pragma once

#include <dnnl.hpp>

#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace peers {

using dnnl::memory;
using dims = memory::dims;
using tag = memory::format_tag;
using arguments = std::unordered_map<int, memory>;

inline memory::desc described(const dims& extents, tag format = tag::any) {
  return {extents, memory::data_type::f32, format};
}

inline float* values_of(const memory& of) { return static_cast<float*>(of.get_data_handle()); }

/// Elements with the zeros that fill up a blocked format.
inline std::ptrdiff_t extent_of(const memory& of) {
  return static_cast<std::ptrdiff_t>(of.get_desc().get_size() / sizeof(float));
}

/// Weights, their gradient in the same format, and the mean of its squares.
struct learnt {
  memory values, gradient;
  std::vector<float> squares;
};

/// A network under construction: what runs forward and what runs backward.
class composition {
 public:
  using calls = std::vector<std::function<void()>>;

  composition(std::map<std::string, std::vector<float>> weights, bool training)
      : training(training), weights_(std::move(weights)) {}

  memory make(const memory::desc& description) {
    memory made(description, engine);
    std::fill_n(values_of(made), extent_of(made), 0.0F);
    return made;
  }

  /// Takes part in each iteration.
  void call(calls& to, const dnnl::primitive& what, const arguments& with) {
    to.push_back([this, what, with] { what.execute(stream, with); });
  }

  /// The same values in the format that is wanted; a reorder in each iteration if it is another.
  memory in_format(calls& to, const memory& from, const memory::desc& wanted) {
    if (from.get_desc() == wanted) return from;
    const memory result = make(wanted);
    call(to, dnnl::reorder(from, result), {{DNNL_ARG_FROM, from}, {DNNL_ARG_TO, result}});
    return result;
  }

  /// A tensor from the file, given as `extents` in a plain format, once brought into a format.
  memory constant(const std::string& name, const dims& extents, tag plain,
                  const memory::desc& wanted) {
    const memory user(described(extents, plain), engine, weights_.at(name).data());
    const memory result = make(wanted);
    const dnnl::primitive reorder = dnnl::reorder(user, result);
    reorder.execute(stream, {{DNNL_ARG_FROM, user}, {DNNL_ARG_TO, result}});
    stream.wait();
    return result;
  }

  /// The same, as weights that the optimizer changes.
  learnt& parameter(const std::string& name, const dims& extents, tag plain,
                    const memory::desc& wanted) {
    auto one = std::make_unique<learnt>();
    one->values = constant(name, extents, plain, wanted);
    one->gradient = make(wanted);
    one->squares.resize(static_cast<std::size_t>(extent_of(one->values)));
    parameters_.push_back(std::move(one));
    return *parameters_.back();
  }

  const std::vector<float>& tensor(const std::string& name) const { return weights_.at(name); }

  /// RMSprop as Keras has it.
  void update() {
    for (auto& one : parameters_) {
      float* w = values_of(one->values);
      const float* g = values_of(one->gradient);
      float* v = one->squares.data();
      const std::ptrdiff_t count = extent_of(one->values);
#pragma omp parallel for simd
      for (std::ptrdiff_t i = 0; i < count; ++i) {
        v[i] = 0.9F * v[i] + 0.1F * g[i] * g[i];
        w[i] -= 1e-3F * g[i] / std::sqrt(v[i] + 1e-7F);
      }
    }
  }

  void run(const calls& all) {
    for (const auto& one : all) one();
    stream.wait();
  }

  dnnl::engine engine{dnnl::engine::kind::cpu, 0};
  dnnl::stream stream{engine};
  bool training;
  calls forward, backward;

 private:
  std::map<std::string, std::vector<float>> weights_;
  std::vector<std::unique_ptr<learnt>> parameters_;
};

/// A layer: forward is composed when it is made, backward from its output's gradient.
struct layer {
  layer() = default;
  layer(const layer&) = delete;
  layer& operator=(const layer&) = delete;
  virtual ~layer() = default;
  virtual memory backward(composition& in, memory gradient, bool wants_input) = 0;
  memory output = {};
};

/// The gradient of a relu that was fused with what made `y`, in place.
inline memory relu_backward(composition& in, const memory& y, const memory& gradient) {
  using namespace dnnl;
  const memory dy = in.in_format(in.backward, gradient, y.get_desc());
  const auto kind = algorithm::eltwise_relu_use_dst_for_bwd;
  const eltwise_forward::primitive_desc hint(
      {prop_kind::forward_training, kind, y.get_desc(), 0.0F, 0.0F}, in.engine);
  const eltwise_backward::primitive_desc of({kind, y.get_desc(), y.get_desc(), 0.0F, 0.0F},
                                            in.engine, hint);
  in.call(in.backward, eltwise_backward(of),
          {{DNNL_ARG_DST, y}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dy}});
  return dy;
}

/// A convolution with a window of 3 x 3, `same`, and relu; a prediction also scales and shifts.
struct convolution : layer {
  convolution(composition& in, const memory& input, int position, int filters, int norm) {
    using namespace dnnl;
    const dims from = input.get_desc().dims();
    extents = {from[0], filters, from[2], from[3]};
    taps = {filters, from[1], 3, 3};
    post_ops after;
    after.append_eltwise(1.0F, algorithm::eltwise_relu, 0.0F, 0.0F);
    arguments with;
    if (!in.training) fold(in, after, with, norm, filters);
    primitive_attr attributes;
    attributes.set_post_ops(after);
    pd = {{in.training ? prop_kind::forward_training : prop_kind::forward_inference,
           algorithm::convolution_auto, described(from), described(taps),
           described({filters}, tag::x), described(extents), one, one, one},
          attributes,
          in.engine};
    x = in.in_format(in.forward, input, pd.src_desc());
    const std::string name = std::to_string(position);
    weights = &in.parameter(name + ".weight", taps, tag::oihw, pd.weights_desc());
    bias = &in.parameter(name + ".bias", {filters}, tag::x, pd.bias_desc());
    output = in.make(pd.dst_desc());
    with.insert({{DNNL_ARG_SRC, x},
                 {DNNL_ARG_WEIGHTS, weights->values},
                 {DNNL_ARG_BIAS, bias->values},
                 {DNNL_ARG_DST, output}});
    in.call(in.forward, convolution_forward(pd), with);
  }

  /// The normalisation with its moving statistics, as two more operations on what was computed.
  static void fold(composition& in, dnnl::post_ops& after, arguments& with, int norm, int filters) {
    const std::string name = std::to_string(norm);
    const auto shape = described({1, filters, 1, 1}, tag::nchw);
    const memory scale = in.make(shape), shift = in.make(shape);
    for (std::size_t c = 0; c < static_cast<std::size_t>(filters); ++c) {
      const float factor =
          in.tensor(name + ".weight")[c] / std::sqrt(in.tensor(name + ".running_var")[c] + 1e-3F);
      values_of(scale)[c] = factor;
      values_of(shift)[c] =
          in.tensor(name + ".bias")[c] - in.tensor(name + ".running_mean")[c] * factor;
    }
    after.append_binary(dnnl::algorithm::binary_mul, shape);
    after.append_binary(dnnl::algorithm::binary_add, shape);
    with.insert({{DNNL_ARG_ATTR_MULTIPLE_POST_OP(1) | DNNL_ARG_SRC_1, scale},
                 {DNNL_ARG_ATTR_MULTIPLE_POST_OP(2) | DNNL_ARG_SRC_1, shift}});
  }

  memory backward(composition& in, memory gradient, bool wants_input) override {
    using namespace dnnl;
    const memory dy = relu_backward(in, output, gradient);
    const auto kind = algorithm::convolution_auto;
    const convolution_backward_weights::primitive_desc dw(
        {kind, described(x.get_desc().dims()), described(taps), described({taps[0]}, tag::x),
         described(extents), one, one, one},
        in.engine, pd);
    const memory dy_of_weights = in.in_format(in.backward, dy, dw.diff_dst_desc());
    const memory x_of_weights = in.in_format(in.backward, x, dw.src_desc());
    const bool same = dw.diff_weights_desc() == weights->gradient.get_desc();
    const memory found = same ? weights->gradient : in.make(dw.diff_weights_desc());
    in.call(in.backward, convolution_backward_weights(dw),
            {{DNNL_ARG_SRC, x_of_weights},
             {DNNL_ARG_DIFF_DST, dy_of_weights},
             {DNNL_ARG_DIFF_WEIGHTS, found},
             {DNNL_ARG_DIFF_BIAS, bias->gradient}});
    if (!same) {
      in.call(in.backward, reorder(found, weights->gradient),
              {{DNNL_ARG_FROM, found}, {DNNL_ARG_TO, weights->gradient}});
    }
    if (!wants_input) return {};
    const convolution_backward_data::primitive_desc dx(
        {kind, described(x.get_desc().dims()), described(taps), described(extents), one, one, one},
        in.engine, pd);
    const memory result = in.make(dx.diff_src_desc());
    in.call(in.backward, convolution_backward_data(dx),
            {{DNNL_ARG_DIFF_DST, in.in_format(in.backward, dy, dx.diff_dst_desc())},
             {DNNL_ARG_WEIGHTS, in.in_format(in.backward, weights->values, dx.weights_desc())},
             {DNNL_ARG_DIFF_SRC, result}});
    return result;
  }

  inline static const dims one{1, 1};
  dims extents, taps;
  dnnl::convolution_forward::primitive_desc pd;
  memory x;
  learnt *weights = nullptr, *bias = nullptr;
};

/// Normalisation by the statistics of the batch, moving ones kept; for training.
struct normalisation : layer {
  normalisation(composition& in, const memory& input, int position) : x(input) {
    using namespace dnnl;
    const auto channels = input.get_desc().dims()[1];
    const std::string name = std::to_string(position);
    pd = {{prop_kind::forward_training, x.get_desc(), 1e-3F, flags}, in.engine};
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
    const batch_normalization_backward::primitive_desc of(
        {prop_kind::backward, x.get_desc(), x.get_desc(), 1e-3F, flags}, in.engine, pd);
    // the Debian package looks for a shift, which it does not read
    in.call(in.backward, batch_normalization_backward(of),
            {{DNNL_ARG_SRC, x},
             {DNNL_ARG_SHIFT, shift->values},
             {DNNL_ARG_MEAN, mean},
             {DNNL_ARG_VARIANCE, variance},
             {DNNL_ARG_SCALE, scale->values},
             {DNNL_ARG_DIFF_DST, dy},
             {DNNL_ARG_DIFF_SRC, dy},
             {DNNL_ARG_DIFF_SCALE, scale->gradient},
             {DNNL_ARG_DIFF_SHIFT, shift->gradient}});
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
    const dims from = x.get_desc().dims();
    extents = {from[0], from[1], (from[2] + 1) / 2, (from[3] + 1) / 2};
    end = {from[2] % 2, from[3] % 2};
    pd = {{in.training ? prop_kind::forward_training : prop_kind::forward_inference,
           algorithm::pooling_max, x.get_desc(), described(extents), two, two, begin, end},
          in.engine};
    output = in.make(pd.dst_desc());
    arguments with{{DNNL_ARG_SRC, x}, {DNNL_ARG_DST, output}};
    if (in.training) with.insert({DNNL_ARG_WORKSPACE, found = in.make(pd.workspace_desc())});
    in.call(in.forward, pooling_forward(pd), with);
  }

  memory backward(composition& in, memory gradient, bool) override {
    using namespace dnnl;
    const memory dy = in.in_format(in.backward, gradient, output.get_desc());
    const pooling_backward::primitive_desc of(
        {algorithm::pooling_max, x.get_desc(), dy.get_desc(), two, two, begin, end}, in.engine, pd);
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

/// A dense layer on what comes, images or not, with or without relu.
struct dense : layer {
  dense(composition& in, const memory& input, int position, int units, bool with_relu)
      : activates(with_relu) {
    using namespace dnnl;
    const dims from = input.get_desc().dims();
    extents = {from[0], units};
    taps = from;
    taps[0] = units;
    primitive_attr attributes;
    if (activates) {
      post_ops after;
      after.append_eltwise(1.0F, algorithm::eltwise_relu, 0.0F, 0.0F);
      attributes.set_post_ops(after);
    }
    pd = {{in.training ? prop_kind::forward_training : prop_kind::forward_inference,
           described(from), described(taps), described({units}, tag::x), described(extents)},
          attributes,
          in.engine};
    x = in.in_format(in.forward, input, pd.src_desc());
    const std::string name = std::to_string(position);
    weights = &in.parameter(name + ".weight", taps, taps.size() == 4 ? tag::oihw : tag::oi,
                            pd.weights_desc());
    bias = &in.parameter(name + ".bias", {units}, tag::x, pd.bias_desc());
    output = in.make(pd.dst_desc());
    in.call(in.forward, inner_product_forward(pd),
            {{DNNL_ARG_SRC, x},
             {DNNL_ARG_WEIGHTS, weights->values},
             {DNNL_ARG_BIAS, bias->values},
             {DNNL_ARG_DST, output}});
  }

  memory backward(composition& in, memory gradient, bool wants_input) override {
    using namespace dnnl;
    const memory dy = activates ? relu_backward(in, output, gradient) : gradient;
    const inner_product_backward_weights::primitive_desc dw(
        {described(x.get_desc().dims()), described(taps), described({taps[0]}, tag::x),
         described(extents)},
        in.engine, pd);
    const memory dy_of_weights = in.in_format(in.backward, dy, dw.diff_dst_desc());
    const memory x_of_weights = in.in_format(in.backward, x, dw.src_desc());
    const bool same = dw.diff_weights_desc() == weights->gradient.get_desc();
    const memory found = same ? weights->gradient : in.make(dw.diff_weights_desc());
    in.call(in.backward, inner_product_backward_weights(dw),
            {{DNNL_ARG_SRC, x_of_weights},
             {DNNL_ARG_DIFF_DST, dy_of_weights},
             {DNNL_ARG_DIFF_WEIGHTS, found},
             {DNNL_ARG_DIFF_BIAS, bias->gradient}});
    if (!same) {
      in.call(in.backward, reorder(found, weights->gradient),
              {{DNNL_ARG_FROM, found}, {DNNL_ARG_TO, weights->gradient}});
    }
    if (!wants_input) return {};
    const inner_product_backward_data::primitive_desc dx(
        {described(x.get_desc().dims()), described(taps), described(extents)}, in.engine, pd);
    const memory result = in.make(dx.diff_src_desc());
    in.call(in.backward, inner_product_backward_data(dx),
            {{DNNL_ARG_DIFF_DST, in.in_format(in.backward, dy, dx.diff_dst_desc())},
             {DNNL_ARG_WEIGHTS, in.in_format(in.backward, weights->values, dx.weights_desc())},
             {DNNL_ARG_DIFF_SRC, result}});
    return result;
  }

  bool activates;
  dims extents, taps;
  dnnl::inner_product_forward::primitive_desc pd;
  memory x;
  learnt *weights = nullptr, *bias = nullptr;
};

}  // namespace peers
