// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include <lamina/random.hpp>
#include <lamina/train/trainer.hpp>

namespace lamina {

/// What `check_gradients` found: the largest relative error over all tensors, and in which.
struct gradient_check {
  double largest_error = 0;
  std::string tensor;
  std::size_t compared = 0;  // derivatives
};

struct gradient_check_options {
  int batch = 3;
  std::uint64_t seed = 1;
  double step = 1e-4;                 // of the differences, relative to 1
  std::size_t most_of_a_tensor = 64;  // derivatives of each tensor that are compared, evenly spread
};

namespace detail {

inline examples random_examples(std::vector<float>& values, std::vector<float>& targets,
                                std::vector<std::uint8_t>& labels, std::size_t image_size,
                                std::size_t outputs, bool labelled,
                                const gradient_check_options& how) {
  counter_generator draw{how.seed, static_cast<std::uint64_t>(random_stream::user)};
  const auto batch = static_cast<std::size_t>(how.batch);
  values.resize(batch * image_size);
  for (float& value : values) value = static_cast<float>(2 * uniform(draw) - 1);
  examples all{.image_size = image_size, .values = values};
  if (labelled) {
    labels.resize(batch);
    for (auto& label : labels) {
      label = static_cast<std::uint8_t>(bounded(draw, static_cast<std::uint32_t>(outputs)));
    }
    all.labels = labels;
  } else {
    targets.resize(batch * outputs);
    for (float& target : targets) target = static_cast<float>(2 * uniform(draw) - 1);
    all.targets = targets;
    all.target_size = outputs;
  }
  return all;
}

}  // namespace detail

/// Holds the derivatives that a network computes in double against central differences of its loss
/// (fourth order: (8 (f(w+h) - f(w-h)) - (f(w+2h) - f(w-2h))) / 12 h). Moves every parameter a
/// little from its initial value first, so that no bias is exactly zero. The error of a tensor is
/// |computed - difference| / (|computed| + |difference|) in the Euclidean norm over what was
/// compared; dropout keeps its mask. Kinks (relu, max_pool) near a drawn value show as errors: take
/// another seed.
template <a_network Net, class Loss = cross_entropy, fusion_mode Fusion = fusion_mode::training>
gradient_check check_gradients(const gradient_check_options& how = {}, const Loss& loss = {}) {
  trainer<Net, sgd, Loss, double, Fusion> subject{{.seed = how.seed, .loss = loss}};
  counter_generator draw{how.seed, static_cast<std::uint64_t>(random_stream::user) + 1};
  for (auto& tensor : subject.parameters()) {
    for (double& value : tensor.values) value += 0.1 * (2 * uniform(draw) - 1);
  }
  std::vector<float> values;
  std::vector<float> targets;
  std::vector<std::uint8_t> labels;
  const examples batch = detail::random_examples(
      values, targets, labels, static_cast<std::size_t>(Net::input_shape::size),
      static_cast<std::size_t>(Net::output_shape::size), std::same_as<Loss, cross_entropy>, how);

  subject.compute_gradients(batch);
  std::vector<std::vector<double>> computed;
  for (const auto& tensor : subject.gradients()) {
    computed.emplace_back(tensor.values.begin(), tensor.values.end());
  }
  gradient_check result;
  auto parameters = subject.parameters();
  for (std::size_t t = 0; t < parameters.size(); ++t) {
    if (!parameters[t].trained) continue;
    const auto weights = parameters[t].values;
    const std::size_t stride = (weights.size() + how.most_of_a_tensor - 1) / how.most_of_a_tensor;
    double apart = 0;
    double size_computed = 0;
    double size_difference = 0;
    for (std::size_t i = 0; i < weights.size(); i += stride) {
      const double kept = weights[i];
      const auto at = [&](double steps) {
        weights[i] = kept + steps * how.step;
        return subject.compute_gradients(batch);
      };
      const double difference = (8 * (at(1) - at(-1)) - (at(2) - at(-2))) / (12 * how.step);
      weights[i] = kept;
      apart += std::pow(computed[t][i] - difference, 2);
      size_computed += std::pow(computed[t][i], 2);
      size_difference += std::pow(difference, 2);
      ++result.compared;
    }
    const double size = std::sqrt(size_computed) + std::sqrt(size_difference);
    const double error = size < 1e-9 ? std::sqrt(apart) : std::sqrt(apart) / size;
    if (error >= result.largest_error) {
      result.largest_error = error;
      result.tensor = parameters[t].name;
    }
  }
  return result;
}

}  // namespace lamina
