// SPDX-License-Identifier: BSL-1.0
// The products of the models, one function for each direction at each extent, for one image, and
// joined with a pool, for check.py to read their machine code.
#include <lamina/execution/product_kernels.hpp>
#include <lamina/kernels/conv2d_pool.hpp>
#include <lamina/kernels/one_image_conv2d.hpp>
#include <lamina/kernels/one_image_dense.hpp>
#include <lamina/kernels/winograd_weights.hpp>
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
  const float *mean, *inverse_deviation, *gamma, *scale, *shift;
  float *new_mean, *variance, *dgamma, *dbeta, *scratch;
  lamina::kernels::image_layout in, out;
};

template <class Layer, class In, class Out>
using kernels_of =
    lamina::execution::product_kernels<lamina::detail::located<lamina::at_layer<0>, Layer, In, Out>,
                                       float, native>;

template <class Layer, class In, class Out>
struct product {
  using kernels = kernels_of<Layer, In, Out>;

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

template <class Layer, class In, class Out>
struct one_image {
  using kernels = kernels_of<Layer, In, Out>;

  [[gnu::noinline]] static void forward(const memory& m) {
    const lamina::kernels::product_end<float, lamina::kernels::relu> end{
        m.bias, m.scale, m.shift, {}};
    if constexpr (In::rank == 1)
      lamina::kernels::dense_one_image<native>(kernels::extents, {m.weights, m.fixed}, end,
                                               m.x.data, m.y.data, m.blocks, m.y.stride,
                                               {0, kernels::extents.out});
    else
      lamina::kernels::conv2d_one_image<native>(typename kernels::window{}, kernels::extents,
                                                m.fixed, end, m.in, m.x.data,
                                                lamina::kernels::pool_extents{}, m.out, m.y.data,
                                                m.scratch, {0, kernels::extents.out_channels});
  }
};

/// A convolution with relu, a normalisation and the pool of two by two behind it.
template <class Layer, class In, class Out>
struct pooled {
  using kernels = kernels_of<Layer, In, Out>;
  static constexpr typename kernels::window taps{};
  static constexpr lamina::kernels::relu activation{};
  static constexpr auto out = kernels::out;
  static constexpr lamina::kernels::conv2d_pool_extents extents{
      kernels::extents,
      {out.channels, out.height, out.width, (out.height + 1) / 2, (out.width + 1) / 2, 2, 2, 2, 2,
       0, 0}};

  static lamina::kernels::conv2d_pool_operands<float> operands(const memory& m) {
    return {extents, m.fixed, m.bias, m.scratch};
  }

  [[gnu::noinline]] static void forward(const memory& m) {
    lamina::kernels::conv2d_pool_forward<native>(taps, operands(m), m.x, m.y, m.scale, m.shift,
                                                 m.of_blocks, m.of_outputs, activation);
  }
  [[gnu::noinline]] static void statistics(const memory& m) {
    lamina::kernels::conv2d_pool_statistics<native>(taps, operands(m), m.x, m.blocks, m.gamma, m.y,
                                                    m.new_mean, m.variance, m.of_outputs,
                                                    activation);
  }
  [[gnu::noinline]] static void weights(const memory& m) {
    lamina::kernels::conv2d_pool_backward_weights<native, 3, 3, 1, 1, float>(
        taps, operands(m), m.x, m.x, m.dy, m.blocks, m.mean, m.inverse_deviation, m.gamma, m.dgamma,
        m.dbeta, m.dw, m.db, m.of_outputs, activation);
  }
};

/// A convolution by Winograd's products.
template <class Layer, class In, class Out>
struct winograd {
  static constexpr lamina::kernels::conv2d_extents extents = kernels_of<Layer, In, Out>::extents;

  [[gnu::noinline]] static void forward(const memory& m) {
    lamina::kernels::winograd_forward<native>(extents, m.fixed, m.bias, m.x, m.y, m.of_blocks,
                                              m.of_outputs, m.scratch, lamina::kernels::relu{});
  }
  [[gnu::noinline]] static void input(const memory& m) {
    lamina::kernels::winograd_backward_input<native>(extents, m.fixed, m.dy, m.dx, m.of_blocks,
                                                     m.of_outputs, m.scratch);
  }
  [[gnu::noinline]] static void weights(const memory& m) {
    lamina::kernels::winograd_backward_positions<native>(extents, m.dy, m.x, m.blocks, m.of_blocks,
                                                         m.of_outputs, m.scratch, m.dw);
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
    *to++ = one_image<Layer, typename Located::in, typename Located::out>::forward;
    if constexpr (Located::in::rank == 3) {
      using with_pool = pooled<Layer, typename Located::in, typename Located::out>;
      *to++ = with_pool::forward;
      if constexpr (with_pool::kernels::weights_of_an_output <=
                    lamina::kernels::conv2d_pool_terms) {
        *to++ = with_pool::statistics;
        *to++ = with_pool::weights;
      }
      if constexpr (lamina::detail::takes_winograd<Located>()) {
        using by_winograd = winograd<Layer, typename Located::in, typename Located::out>;
        *to++ = by_winograd::forward;
        if (learns) *to++ = by_winograd::input;
        if constexpr (lamina::detail::takes_winograd_for_weights<Located>())
          *to++ = by_winograd::weights;
      }
    }
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
