// SPDX-License-Identifier: BSL-1.0
#include "commands.hpp"

#include <nlohmann/json.hpp>

#include <cstdio>

namespace lamina::cli {

namespace {

using json = nlohmann::ordered_json;

/// "conv2d<75> + relu"
std::string step_name(const std::vector<std::string>& layers) {
  std::string name;
  for (const auto& layer : layers) name += (name.empty() ? "" : " + ") + layer;
  return name;
}

json steps_json(const std::vector<std::vector<std::string>>& steps) {
  auto all = json::array();
  for (const auto& layers : steps) all.push_back({{"step", step_name(layers)}, {"layers", layers}});
  return all;
}

/// "28, 28, 75" as a list.
json shape_json(const std::string& shape) { return json::parse("[" + shape + "]"); }

json summary_json(const std::string& name, const summary& network, int batch) {
  auto layers = json::array();
  for (const auto& each : network.layers)
    layers.push_back({{"position", each.position},
                      {"layer", each.layer},
                      {"output", shape_json(each.output)},
                      {"parameters", each.parameters},
                      {"multiply_adds", each.multiply_adds}});
  return {{"model", name},
          {"input", {network.height, network.width, network.channels}},
          {"batch", batch},
          {"parameters", network.parameters},
          {"trained_parameters", network.trained_parameters},
          {"multiply_adds", network.multiply_adds},
          {"layers", layers},
          {"inference_steps", steps_json(network.inference_steps)},
          {"training_steps", steps_json(network.training_steps)},
          {"winograd", network.winograd},
          {"bytes",
           {{"weights", network.weight_bytes},
            {"activations", network.activation_bytes},
            {"training_arena", network.training_bytes}}}};
}

void print_steps(const char* title, const std::vector<std::vector<std::string>>& steps) {
  std::printf("\n%s:\n", title);
  for (const auto& layers : steps) std::printf("  %s\n", step_name(layers).c_str());
}

}  // namespace

void summarize(const model_registry& models, const summary_words& words) {
  const auto network = models.at(words.model).type->describe(words.batch);
  if (words.json) return print(summary_json(words.model, network, words.batch));
  std::printf("%-8s %-36s %-12s %12s %14s\n", "position", "layer", "output", "parameters",
              "multiply-adds");
  for (const auto& each : network.layers)
    std::printf("%-8s %-36s %-12s %12zu %14zu\n", each.position.c_str(), each.layer.c_str(),
                each.output.c_str(), each.parameters, each.multiply_adds);
  std::printf("\nparameters %lld, of which %lld are trained; multiply-adds an image %lld\n",
              static_cast<long long>(network.parameters),
              static_cast<long long>(network.trained_parameters),
              static_cast<long long>(network.multiply_adds));
  print_steps("steps of a prediction", network.inference_steps);
  print_steps("steps of training", network.training_steps);
  if (!network.winograd.empty()) {
    std::printf("\nby Winograd's algorithm, with 16 products instead of 36, layer");
    for (const auto& position : network.winograd) std::printf(" %s", position.c_str());
    std::printf("\n");
  }
  std::printf("\nbytes: weights %lld, activations of a batch of %d %lld, training arena %lld\n",
              static_cast<long long>(network.weight_bytes), words.batch,
              static_cast<long long>(network.activation_bytes),
              static_cast<long long>(network.training_bytes));
}

}  // namespace lamina::cli
