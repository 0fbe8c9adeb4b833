// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>
#include <vector>

#include "reference/subject.hpp"
#include "reference/vectors.hpp"

namespace reference {

/// Reads the parameters of a case into a network: one tensor for each name, in the network's order.
template <class Subject>
void set_parameters(Subject& net, const std::string& name,
                    const std::vector<std::string>& tensors) {
  REQUIRE(tensors.size() == Subject::parameter_tensors());
  for (std::size_t slot = 0; slot < tensors.size(); ++slot) {
    const std::vector<double> given = numbers(name + "/" + tensors[slot]);
    REQUIRE(given.size() == net.parameter(slot).size());
    std::copy(given.begin(), given.end(), net.parameter(slot).begin());
  }
}

/// One pass, forward and backward, over the first images of a case.
template <class Subject>
void check_pass(const std::string& name, int images, const std::vector<std::string>& tensors,
                bool has_entrance) {
  Subject net{images};
  set_parameters(net, name, tensors);
  const auto output = net.forward(first_images(name + "/input", images), true);
  check_close(output, name + "/output", first_images(name + "/output", images));
  net.backward(first_images(name + "/grad_output", images));
  if (has_entrance) {
    check_close(net.first_gradient(), name + "/grad_input",
                first_images(name + "/grad_input", images));
  }
  for (std::size_t slot = 0; slot < tensors.size(); ++slot) {
    const std::string gradient =
        name + "/batch" + std::to_string(images) + "/grad_" + tensors[slot];
    check_close(net.gradient(slot), gradient, numbers(gradient));
  }
}

/// A layer against a case in which images do not see each other, over batches of 1, 3, 16 and 17:
/// behind a layer that changes nothing, so that its input has a gradient; as the first layer; and
/// as a prediction runs it.
template <class Input, class... Layers>
void check_layer(const std::string& name, const std::vector<std::string>& tensors = {}) {
  using namespace lamina;
  for (const int images : {1, 3, 16, 17}) {
    CAPTURE(images);
    check_pass<subject<network<Input, leaky_relu<1.0>, Layers...>>>(name, images, tensors, true);
    check_pass<subject<network<Input, Layers...>>>(name, images, tensors, false);
    subject<network<Input, Layers...>, fusion_mode::inference> predicting{images};
    set_parameters(predicting, name, tensors);
    check_close(predicting.forward(first_images(name + "/input", images), false), name + "/output",
                first_images(name + "/output", images));
  }
}

}  // namespace reference
