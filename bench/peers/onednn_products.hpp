// SPDX-License-Identifier: BSL-1.0
// Convolutions and dense layers from the primitives of oneDNN.
#pragma once

#include "onednn_composition.hpp"

namespace peers {

/// The gradient of a relu that was fused with what made `y`, in place.
inline memory relu_backward(composition& in, const memory& y, const memory& gradient) {
  using namespace dnnl;
  const memory dy = in.in_format(in.backward, gradient, y.get_desc());
  const auto kind = algorithm::eltwise_relu_use_dst_for_bwd;
  const auto of = describe_relu_backward(in.engine, kind, y.get_desc(),
                                         describe_relu(in.engine, kind, y.get_desc()));
  in.call(in.backward, eltwise_backward(of),
          {{DNNL_ARG_DST, y}, {DNNL_ARG_DIFF_DST, dy}, {DNNL_ARG_DIFF_SRC, dy}});
  return dy;
}

/// A convolution with a window of 3 x 3, `same`, and relu; a prediction also scales and shifts.
struct convolution : layer {
  convolution(composition& in, const memory& input, int position, int filters, int norm) {
    using namespace dnnl;
    const dims from = extents_of(input);
    extents = {from[0], filters, from[2], from[3]};
    taps = {filters, from[1], 3, 3};
    post_ops after;
    append_relu(after);
    arguments with;
    if (!in.training) fold(in, after, with, norm, filters);
    primitive_attr attributes;
    attributes.set_post_ops(after);
    pd = describe<convolution_forward>(
        in.engine, attributes,
        in.training ? prop_kind::forward_training : prop_kind::forward_inference,
        algorithm::convolution_auto, described(from), described(taps), described({filters}, tag::x),
        described(extents), one, one, one);
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
    const auto dw = describe_backward<convolution_backward_weights>(
        in.engine, pd, kind, described(extents_of(x)), described(taps),
        described({taps[0]}, tag::x), described(extents), one, one, one);
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
    const auto dx = describe_backward<convolution_backward_data>(
        in.engine, pd, kind, described(extents_of(x)), described(taps), described(extents), one,
        one, one);
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

/// A dense layer on what comes, images or not, with or without relu.
struct dense : layer {
  dense(composition& in, const memory& input, int position, int units, bool with_relu)
      : activates(with_relu) {
    using namespace dnnl;
    const dims from = extents_of(input);
    extents = {from[0], units};
    taps = from;
    taps[0] = units;
    primitive_attr attributes;
    if (activates) {
      post_ops after;
      append_relu(after);
      attributes.set_post_ops(after);
    }
    pd = describe<inner_product_forward>(
        in.engine, attributes,
        in.training ? prop_kind::forward_training : prop_kind::forward_inference, described(from),
        described(taps), described({units}, tag::x), described(extents));
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
    const auto dw = describe_backward<inner_product_backward_weights>(
        in.engine, pd, described(extents_of(x)), described(taps), described({taps[0]}, tag::x),
        described(extents));
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
    const auto dx = describe_backward<inner_product_backward_data>(
        in.engine, pd, described(extents_of(x)), described(taps), described(extents));
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
