// SPDX-License-Identifier: BSL-1.0
// The products of the models, one function for each direction at each extent, for check.py to read
// their machine code.
#include <lamina/execution/product_kernels.hpp>
#include <models/asl_cnn.hpp>
#include <models/asl_mlp.hpp>
#include <models/mnist_mlp.hpp>

namespace hot {

using lamina::kernels::blocked;
using lamina::kernels::native;
using lamina::kernels::range;

/// Everything that a product gets.
struct memory {
  const float *weights, *bias, *fixed;
  blocked<const float> x, dy;
  blocked<float> y, dx;
  float *dw, *db;
  int blocks;
  range of_blocks, of_outputs;
};

template <class Layer, class In, class Out>
struct product {
  using kernels = lamina::execution::product_kernels<
      lamina::detail::located<lamina::at_layer<0>, Layer, In, Out>, float, native>;

  [[gnu::noinline]] static void forward(const memory& m) {
    kernels::forward(m.weights, m.bias, m.fixed, m.x, m.y, m.of_blocks, m.of_outputs,
                     lamina::kernels::relu{});
  }
  [[gnu::noinline]] static void input(const memory& m) {
    kernels::backward_input(m.weights, m.fixed, m.dy, m.dx, m.of_blocks, m.of_outputs);
  }
  [[gnu::noinline]] static void weights(const memory& m) {
    kernels::backward_weights(m.dy, m.x, m.blocks, m.dw, m.db, m.of_outputs);
  }
};

using function = void (*)(const memory&);

template <class Located>
void add(function*& to, bool& learns) {
  using Layer = typename Located::layer;
  if constexpr (lamina::detail::kind_of<Layer>() == lamina::layer_kind::product) {
    using of = product<Layer, typename Located::in, typename Located::out>;
    *to++ = of::forward;
    if (learns) *to++ = of::input;
    *to++ = of::weights;
  }
  learns = learns || lamina::detail::parameters_of<Located>().size() != 0;
}

template <class... Located>
void add_all(function*& to, lamina::detail::list<Located...>) {
  bool learns = false;
  (add<Located>(to, learns), ...);
}

/// Takes the address of each of them.
function* list(function* to) {
  add_all(to, lamina::models::asl_cnn::located_layers{});
  add_all(to, lamina::models::asl_mlp::located_layers{});
  add_all(to, lamina::models::mnist_mlp::located_layers{});
  return to;
}

}  // namespace hot

int main() {
  hot::function all[64];
  return static_cast<int>(hot::list(all) - all);
}
