// SPDX-License-Identifier: BSL-1.0
// A network composed from the primitives of oneDNN, created once, in the formats that it chooses.
#pragma once

#include "onednn_interface.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace peers {

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

}  // namespace peers
