// SPDX-License-Identifier: BSL-1.0
// The program of lamina with a network and images of one's own:
//   own_model train stripes --out runs/stripes
//   own_model evaluate runs/stripes
#include <lamina/program/program.hpp>

using namespace lamina;

using stripes_net =
    network<input<8, 8, 1>, conv2d<4, window<3, 3>>, relu, flatten, dense<2>, softmax>;

/// Grey images with dark and light rows (class 0) or columns (class 1), each of its own brightness.
dataset stripes(int count) {
  dataset data{.height = 8, .width = 8, .channels = 1, .classes = 2};
  for (int i = 0; i < count; ++i) {
    data.labels.push_back(static_cast<std::uint8_t>(i % 2));
    for (int pixel = 0; pixel < 64; ++pixel) {
      const int line = i % 2 == 0 ? pixel / 8 : pixel % 8;
      data.pixels.push_back(static_cast<std::uint8_t>(line % 2 * 100 + i % 100));
    }
  }
  return data;
}

/// The folder of --data would be read here.
labelled_data load_stripes(const std::filesystem::path&) {
  return {stripes(600), stripes(150), {"rows", "columns"}};
}

int main(int argc, char** argv) {
  program program;
  program.add<stripes_net>("stripes", {.data = load_stripes, .epochs = 3, .batch = 16});
  return program.run(argc, argv);
}
