// error: mismatch<.*at_layer<1>, .*layer<(::)?halve>, .*receives<.*shape<8> ?>, .*a_layer_has_output_parameters_workspace_forward_and_backward
#include <lamina/network.hpp>

using namespace lamina;

struct halve {
  static constexpr auto output(auto in) { return in; }
  static constexpr auto parameters(auto) { return no_parameters; }
  static constexpr std::size_t workspace(auto) { return 0; }
  static void forward(auto pass) {
    for (std::size_t i = 0; i < pass.input.size(); ++i) pass.output[i] = pass.input[i] / 2;
  }
#ifndef EXPECT_ERROR
  static void backward(auto pass) {
    for (std::size_t i = 0; i < pass.input_gradient.size(); ++i) {
      pass.input_gradient[i] = pass.output_gradient[i] / 2;
    }
  }
#endif
};

using net = network<input<8>, halve, dense<2>, softmax>;
