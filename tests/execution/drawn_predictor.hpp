// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/execution/predictor.hpp>
#include <lamina/random.hpp>
#include <vector>

namespace lamina::test {

/// Predicts by a network whose parameters are drawn: variances from 0.5 to 1.5, all others from
/// -0.5 to 0.5; the same ones each time.
template <class Net, class T, fusion_mode Fusion = fusion_mode::inference>
struct drawn_predictor {
  using predictor = execution::predictor<Net, T, kernels::native, Fusion>;

  drawn_predictor() {
    for (auto& tensor : execution::named_tensors<Net>(parameters.data())) {
      const bool variance = tensor.name.ends_with("running_var");
      for (T& value : tensor.values)
        value = static_cast<T>(uniform(draw) - (variance ? -0.5 : 0.5));
    }
    predictor::prepare(parameters.data(), fixed.data());
  }

  std::vector<T> outputs(const examples& from) {
    std::vector<T> all(from.size() * predictor::outputs);
    run.predict(parameters.data(), fixed.data(), from, all);
    return all;
  }

  double loss(const examples& from) {
    return run.evaluate(parameters.data(), fixed.data(), from, cross_entropy{}).loss;
  }

  counter_generator draw{5, 5};
  execution::buffer<T> parameters{static_cast<std::size_t>(execution::parameter_extent<Net>)};
  execution::buffer<T> fixed = predictor::fixed_memory();
  predictor run;
};

}  // namespace lamina::test
