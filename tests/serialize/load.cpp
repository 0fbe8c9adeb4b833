// SPDX-License-Identifier: BSL-1.0
#include <lamina/serialize/load.hpp>
//
#include <doctest/doctest.h>

#include <lamina/serialize/safetensors.hpp>
#include <limits>
#include <string>
#include <vector>

namespace {

using lamina::architecture;
using lamina::safetensors_file;
using lamina::tensor;

const architecture small{
    {"0", "input<2>", "2", 0, 0}, {"1", "dense<2>", "2", 6, 4}, {"2", "softmax", "2", 0, 0}};

/// The weights of `small`, all of one value.
struct weights {
  explicit weights(float value) : weight(4, value), bias(2, value) {}
  std::vector<float> weight, bias;
  std::vector<tensor> tensors{{"1.weight", {2, 2}, weight}, {"1.bias", {2}, bias}};
};

std::string file_of(std::vector<tensor> tensors, const architecture& layers = small) {
  return lamina::write_safetensors(tensors, {{"architecture", to_text(layers)}});
}

/// What loading says; the network has to stay as it was.
std::string refusal(const std::string& bytes) {
  weights network{5};
  std::string said = "accepted";
  try {
    lamina::load_into(network.tensors, small, safetensors_file{bytes, "f"});
  } catch (const lamina::error& refused) {
    said = refused.what();
  }
  CHECK(network.weight == weights{5}.weight);
  CHECK(network.bias == weights{5}.bias);
  return said;
}

}  // namespace

TEST_CASE("weights are loaded, in any order of the file") {
  weights saved{1}, network{0};
  saved.weight[1] = 2;
  lamina::load_into(network.tensors, small, safetensors_file{file_of(saved.tensors), "f"});
  CHECK(network.weight == saved.weight);
  CHECK(network.bias == saved.bias);
  network = weights{0};
  const std::vector<tensor> turned{saved.tensors[1], saved.tensors[0]};
  lamina::load_into(network.tensors, small, safetensors_file{file_of(turned), "f"});
  CHECK(network.weight == saved.weight);
}

TEST_CASE("a file without an architecture is checked by its tensors alone") {
  weights saved{1}, network{0};
  const std::string bytes = lamina::write_safetensors(saved.tensors, {});
  lamina::load_into(network.tensors, small, safetensors_file{bytes, "f"});
  CHECK(network.weight == saved.weight);
}

TEST_CASE("weights that do not fit are refused and change nothing") {
  weights saved{1};
  auto tensors = saved.tensors;
  tensors[1].name = "1.bios";
  CHECK(refusal(file_of(tensors)) ==
        "f: tensor '1.bias': expected shape (2), found none of that name");
  tensors = saved.tensors;
  tensors[0].shape = {4};
  CHECK(refusal(file_of(tensors)) == "f: tensor '1.weight': expected shape (2, 2), found (4)");
  tensors = saved.tensors;
  tensors.push_back({"x\n", {2}, saved.bias});
  CHECK(refusal(file_of(tensors)) == "f: expected 2 tensors, found also 'x?'");
  saved.bias[1] = std::numeric_limits<float>::quiet_NaN();
  CHECK(refusal(file_of(saved.tensors)) ==
        "f: tensor '1.bias': expected finite numbers, found NaN at index 1");
  saved.bias[1] = -std::numeric_limits<float>::infinity();
  CHECK(refusal(file_of(saved.tensors)) ==
        "f: tensor '1.bias': expected finite numbers, found infinity at index 1");
}

TEST_CASE("another network is refused with a difference, layer by layer") {
  const weights saved{1};
  const architecture other{
      {"0", "input<2>", "2", 0, 0}, {"1", "dense<3>", "3", 9, 6}, {"2", "softmax", "3", 0, 0}};
  CHECK(refusal(file_of(saved.tensors, other)) ==
        "f: expected the weights of this network (+), found another's (-): = 1 layer; "
        "- layer 1 dense<3> -> 3, 9 parameters; - layer 2 softmax -> 3; + layer 1 dense<2> -> 2, 6 "
        "parameters; "
        "+ layer 2 softmax -> 2");
  CHECK(refusal(lamina::write_safetensors(saved.tensors, {{"architecture", "0\tinput\n"}})) ==
        "f: architecture, line 1: expected position, layer, output, parameters and "
        "multiply-adds, found 2 fields");
}
