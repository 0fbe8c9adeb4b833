// SPDX-License-Identifier: BSL-1.0
#include <lamina/layers/batch_norm.hpp>

#include "reference/layer_case.hpp"

using namespace lamina;

static const std::vector<std::string> tensors{"weight", "bias", "running_mean", "running_var"};

/// Training on the first images: outputs and gradients, and what became of the moving statistics.
template <class Net>
static void check_training(const std::string& name, int images, bool has_entrance) {
  using namespace reference;
  subject<Net> net{images};
  set_parameters(net, name, tensors);
  const std::string batch = name + "/batch" + std::to_string(images) + "/";
  check_close(net.forward(first_images(name + "/input", images), true), batch + "output",
              numbers(batch + "output"));
  net.backward(first_images(name + "/grad_output", images));
  if (has_entrance) {
    check_close(net.first_gradient(), batch + "grad_input", numbers(batch + "grad_input"));
  }
  for (const std::size_t slot : {0u, 1u}) {
    const std::string gradient = batch + "grad_" + tensors[slot];
    check_close(net.gradient(slot), gradient, numbers(gradient));
  }
  for (const std::size_t slot : {2u, 3u}) {
    check_close(net.parameter(slot), batch + tensors[slot], numbers(batch + tensors[slot]));
  }
}

template <class Input>
static void check_normalisation(const std::string& name) {
  using namespace reference;
  for (const int images : {1, 3, 16, 17}) {
    CAPTURE(images);
    check_training<network<Input, leaky_relu<1.0>, batch_norm<>>>(name, images, true);
    check_training<network<Input, batch_norm<>>>(name, images, false);
    subject<network<Input, batch_norm<>>, fusion_mode::inference> predicting{images};
    set_parameters(predicting, name, tensors);
    check_close(predicting.forward(first_images(name + "/input", images), false),
                name + "/inference", first_images(name + "/inference", images));
  }
}

TEST_CASE("batch_norm says what PyTorch says, with Keras' moving statistics") {
  check_normalisation<input<3, 2, 2>>("batch_norm_image");
  check_normalisation<input<7>>("batch_norm_flat");
}
