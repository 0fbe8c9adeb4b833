// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/trainer.hpp>

#include <cstdint>

#include "reference/vectors.hpp"

using namespace lamina;

/// A dense layer that passes its inputs on, so that the gradients of its parameters tell the
/// gradient of the loss: of the bias the sum over the images, of the weights what falls to each
/// input.
template <class Net, class Loss>
static void check_loss(const std::string& name, Loss loss, int size, bool labelled) {
  const auto outputs = static_cast<std::size_t>(size);
  for (const int images : {1, 3, 16, 17}) {
    CAPTURE(images);
    const std::string batch = name + "/batch" + std::to_string(images) + "/";
    const std::vector<double> given = reference::first_images(name + "/input", images);
    const std::vector<float> values(given.begin(), given.end());
    const auto wanted = reference::first_images(labelled ? "labels" : name + "/target", images);
    const std::vector<float> targets(wanted.begin(), wanted.end());
    std::vector<std::uint8_t> labels;
    for (const double each : wanted) labels.push_back(static_cast<std::uint8_t>(each));

    trainer<Net, rmsprop, Loss, double> trainer{{.loss = loss}};
    const auto weight = trainer.parameters()[0].values;
    for (std::size_t i = 0; i < weight.size(); ++i) weight[i] = i % (outputs + 1) == 0 ? 1 : 0;
    const double found = trainer.compute_gradients(
        labelled ? examples::of(values, outputs, std::span<const std::uint8_t>{labels})
                 : examples::of(values, outputs, std::span<const float>{targets}, outputs));

    reference::check_close({{found}}, batch + "loss", reference::numbers(batch + "loss"));
    const std::vector<double> gradient = reference::numbers(batch + "grad_input");
    std::vector<double> of_bias(outputs), of_weight(outputs * outputs);
    for (std::size_t i = 0; i < gradient.size(); ++i) {
      of_bias[i % outputs] += gradient[i];
      for (std::size_t in = 0; in < outputs; ++in) {
        of_weight[i % outputs * outputs + in] += gradient[i] * given[i / outputs * outputs + in];
      }
    }
    reference::check_close(trainer.gradients()[1].values, batch + "grad_input, summed", of_bias);
    reference::check_close(trainer.gradients()[0].values, batch + "grad_input by input", of_weight);
  }
}

TEST_CASE("cross-entropy says what PyTorch says") {
  using net = network<input<7>, dense<7>, softmax>;
  check_loss<net>("cross_entropy", cross_entropy{}, 7, true);
  check_loss<net>("cross_entropy_smoothed", cross_entropy{.label_smoothing = 0.1}, 7, true);
}

TEST_CASE("the mean squared error says what PyTorch says") {
  check_loss<network<input<5>, dense<5>>>("mean_squared_error", mean_squared_error{}, 5, false);
}
