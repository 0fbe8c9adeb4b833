// SPDX-License-Identifier: BSL-1.0
// What differs between the interfaces of oneDNN 2 and 3: in 2 a primitive is described by an
// operation that is described first, in 3 by the same arguments at once.
#pragma once

#include <dnnl.hpp>

namespace peers {

using dnnl::memory;
using dims = memory::dims;

#if DNNL_VERSION_MAJOR == 2

/// The Debian package looks for the shift of a normalisation backward, which it does not read; in 3
/// that is a mistake.
inline constexpr bool backward_wants_shift = true;

inline dims extents_of(const memory& of) { return of.get_desc().dims(); }

inline void append_relu(dnnl::post_ops& to) {
  to.append_eltwise(1.0F, dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
}

template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const dnnl::engine& engine,
                                            const dnnl::primitive_attr& attributes,
                                            const Arguments&... of) {
  return {typename Primitive::desc(of...), attributes, engine};
}

template <class Primitive, class Forward, class... Arguments>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine,
                                                     const Forward& forward,
                                                     const Arguments&... of) {
  return {typename Primitive::desc(of...), engine, forward};
}

inline auto describe_relu(const dnnl::engine& engine, dnnl::algorithm kind, const memory::desc& x) {
  const dnnl::eltwise_forward::desc of(dnnl::prop_kind::forward_training, kind, x, 0.0F, 0.0F);
  return dnnl::eltwise_forward::primitive_desc(of, engine);
}
inline auto describe_relu_backward(const dnnl::engine& engine, dnnl::algorithm kind,
                                   const memory::desc& x,
                                   const dnnl::eltwise_forward::primitive_desc& forward) {
  return dnnl::eltwise_backward::primitive_desc({kind, x, x, 0.0F, 0.0F}, engine, forward);
}

inline auto describe_normalisation(const dnnl::engine& engine, const memory::desc& x, float epsilon,
                                   dnnl::normalization_flags flags) {
  const dnnl::batch_normalization_forward::desc of(dnnl::prop_kind::forward_training, x, epsilon,
                                                   flags);
  return dnnl::batch_normalization_forward::primitive_desc(of, engine);
}
inline auto describe_normalisation_backward(
    const dnnl::engine& engine, const memory::desc& x, float epsilon,
    dnnl::normalization_flags flags,
    const dnnl::batch_normalization_forward::primitive_desc& forward) {
  return dnnl::batch_normalization_backward::primitive_desc(
      {dnnl::prop_kind::backward, x, x, epsilon, flags}, engine, forward);
}

inline auto describe_max_pool(const dnnl::engine& engine, dnnl::prop_kind kind,
                              const memory::desc& x, const memory::desc& y, const dims& window,
                              const dims& begin, const dims& end) {
  const dnnl::pooling_forward::desc of(kind, dnnl::algorithm::pooling_max, x, y, window, window,
                                       begin, end);
  return dnnl::pooling_forward::primitive_desc(of, engine);
}
inline auto describe_max_pool_backward(const dnnl::engine& engine, const memory::desc& dx,
                                       const memory::desc& dy, const dims& window,
                                       const dims& begin, const dims& end,
                                       const dnnl::pooling_forward::primitive_desc& forward) {
  return dnnl::pooling_backward::primitive_desc(
      {dnnl::algorithm::pooling_max, dx, dy, window, window, begin, end}, engine, forward);
}

#else

inline constexpr bool backward_wants_shift = false;

inline dims extents_of(const memory& of) { return of.get_desc().get_dims(); }

inline void append_relu(dnnl::post_ops& to) {
  to.append_eltwise(dnnl::algorithm::eltwise_relu, 0.0F, 0.0F);
}

template <class Primitive, class... Arguments>
typename Primitive::primitive_desc describe(const dnnl::engine& engine,
                                            const dnnl::primitive_attr& attributes,
                                            const Arguments&... of) {
  return {engine, of..., attributes};
}

template <class Primitive, class Forward, class... Arguments>
typename Primitive::primitive_desc describe_backward(const dnnl::engine& engine,
                                                     const Forward& forward,
                                                     const Arguments&... of) {
  return {engine, of..., forward};
}

inline auto describe_relu(const dnnl::engine& engine, dnnl::algorithm kind, const memory::desc& x) {
  return dnnl::eltwise_forward::primitive_desc(engine, dnnl::prop_kind::forward_training, kind, x,
                                               x, 0.0F, 0.0F);
}
inline auto describe_relu_backward(const dnnl::engine& engine, dnnl::algorithm kind,
                                   const memory::desc& x,
                                   const dnnl::eltwise_forward::primitive_desc& forward) {
  return dnnl::eltwise_backward::primitive_desc(engine, kind, x, x, x, 0.0F, 0.0F, forward);
}

inline auto describe_normalisation(const dnnl::engine& engine, const memory::desc& x, float epsilon,
                                   dnnl::normalization_flags flags) {
  return dnnl::batch_normalization_forward::primitive_desc(
      engine, dnnl::prop_kind::forward_training, x, x, epsilon, flags);
}
inline auto describe_normalisation_backward(
    const dnnl::engine& engine, const memory::desc& x, float epsilon,
    dnnl::normalization_flags flags,
    const dnnl::batch_normalization_forward::primitive_desc& forward) {
  return dnnl::batch_normalization_backward::primitive_desc(engine, dnnl::prop_kind::backward, x, x,
                                                            x, epsilon, flags, forward);
}

inline const dims no_dilation{0, 0};

inline auto describe_max_pool(const dnnl::engine& engine, dnnl::prop_kind kind,
                              const memory::desc& x, const memory::desc& y, const dims& window,
                              const dims& begin, const dims& end) {
  return dnnl::pooling_forward::primitive_desc(engine, kind, dnnl::algorithm::pooling_max, x, y,
                                               window, window, no_dilation, begin, end);
}
inline auto describe_max_pool_backward(const dnnl::engine& engine, const memory::desc& dx,
                                       const memory::desc& dy, const dims& window,
                                       const dims& begin, const dims& end,
                                       const dnnl::pooling_forward::primitive_desc& forward) {
  return dnnl::pooling_backward::primitive_desc(engine, dnnl::algorithm::pooling_max, dx, dy,
                                                window, window, no_dilation, begin, end, forward);
}

#endif

}  // namespace peers
