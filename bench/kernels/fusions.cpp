// SPDX-License-Identifier: BSL-1.0
// Each fusion of the models beside its steps one after another.
#include "fusions.hpp"
#include "winograd.hpp"

#include <lamina/bench/direct.hpp>
#include <models/asl_cnn.hpp>
#include <models/mnist_mlp.hpp>

namespace {

using namespace bench;

/// A gradient of weights that ends in its optimizer, tile by tile; or stored, then read by it.
template <class Located, int Blocks>
struct updating_gradient : weight_gradient<Located> {
  using base = weight_gradient<Located>;
  using kernels = typename base::kernels;

  updating_gradient() : base(Blocks), state(static_cast<std::size_t>(base::weight_count)) {}

  void update(const float* dw, std::ptrdiff_t first, std::ptrdiff_t count) {
    float* states[] = {state.data() + first};
    lamina::rmsprop{}.update<Arch>(1, this->weights.data() + first, dw, states, count);
  }
  void fused() {
    kernels::backward_weights_by_tile(
        this->y.view(), this->turned.view(), Blocks, this->db.data(), {0, base::channels},
        [&](lamina::kernels::range outputs, const float* dw) {
          const std::ptrdiff_t row = kernels::weights_of_an_output;
          update(dw, outputs.first * row, (outputs.last - outputs.first) * row);
        });
  }
  void apart() {
    this->run();
    update(this->dw.data(), 0, base::weight_count);
  }
  std::vector<float> result() {
    return values_of(this->weights, static_cast<int>(base::weight_count));
  }

  buffer state;
};

/// Softmax, cross-entropy and gradient of the logits as one; or three steps.
template <int Classes>
struct loss_of_a_batch {
  static constexpr int blocks = 2;

  void fused() {
    for (int b = 0; b < blocks; ++b) {
      lamina::kernels::softmax_cross_entropy<Arch>(Classes, logits(b), labels, lanes, 0.0, 0.125F,
                                                   p.block(b), dx.block(b),
                                                   loss.data() + b * lanes);
    }
  }
  void apart() {
    for (int b = 0; b < blocks; ++b)
      lamina::kernels::softmax_forward<Arch>(Classes, logits(b), p.block(b));
    for (int b = 0; b < blocks; ++b) {
      float* const dp = dx.block(b);
      for (int i = 0; i < Classes * lanes; ++i) dp[i] = 0;
      for (int l = 0; l < lanes; ++l) {
        const int own = labels[l] * lanes + l;
        loss.data()[b * lanes + l] = -std::log(p.block(b)[own]);
        dp[own] = -0.125F / p.block(b)[own];
      }
    }
    for (int b = 0; b < blocks; ++b) {
      const float* y = p.block(b);
      lamina::kernels::softmax_backward<Arch>(Classes, y, static_cast<const float*>(dx.block(b)),
                                              dx.block(b));
    }
  }
  const float* logits(int b) { return x.block(b); }
  std::vector<float> result() { return values_of(dx, 1, Classes); }

  activations x{blocks, Classes, 1}, p{blocks, Classes, 2}, dx{blocks, Classes, 3};
  buffer loss = numbers(blocks * lanes, 4);
  int labels[lanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1, 2, 3, 4, 5};
};

/// Dropout forward and backward, its mask computed twice; or once, stored and read twice.
template <int Values>
struct dropped {
  static constexpr int blocks = 2;
  using floats = const float*;

  void drop(floats from, float* to, int first, int last) {
    lamina::kernels::dropout<Arch>(lamina::kernels::dropout_mask{0.2, keys}, first, last, from, to);
  }
  static void multiply(floats a, floats b, float* to, int values) {
    for (int i = 0; i < values * lanes; ++i) to[i] = a[i] * b[i];
  }
  void fused() {
    for (int b = 0; b < blocks; ++b) drop(x.block(b), y.block(b), 0, Values);
    for (int b = 0; b < blocks; ++b) drop(dy.block(b), dx.block(b), 0, Values);
  }
  void apart() {
    constexpr int some = 32;  // values, whose mask is in the first cache when it is used
    for (int b = 0; b < blocks; ++b) {
      for (int f = 0; f < Values; f += some) {
        const int last = std::min(f + some, Values);
        float* const to = mask.block(b) + f * lanes;
        drop(ones.block(0), to, f, last);
        multiply(to, x.block(b) + f * lanes, y.block(b) + f * lanes, last - f);
      }
    }
    for (int b = 0; b < blocks; ++b) multiply(mask.block(b), dy.block(b), dx.block(b), Values);
  }
  std::vector<float> result() { return values_of(dx, 1, Values); }

  dropped() {
    for (int i = 0; i < 32 * lanes; ++i) ones.block(0)[i] = 1;
  }
  activations x{blocks, Values, 1}, y{blocks, Values, 2}, dy{blocks, Values, 3};
  activations dx{blocks, Values, 4}, mask{blocks, Values, 5}, ones{1, 32, 6};
  std::uint32_t keys[lanes] = {3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97, 93, 23, 84, 62, 64};
};

/// The layer at a position of a network; `input` is position 0.
template <class Net, int Position>
using layer_at =
    typename lamina::detail::located_at<typename Net::located_layers, Position - 1>::type;

template <class Located>
void add_epilogue(const std::string& kind) {
  add_fusion<epilogue<Located, 2>>(kind + "_bias_relu/" + terms<Located>::name(),
                                   effort_of<Located>(2));
}

template <class Located, class Pool>
void add_pooled() {
  const std::string name = "/" + terms<Located>::name();
  add_fusion<pooled_inference<Located, Pool, 2>>("conv2d_pool_inference" + name,
                                                 effort_of<Located>(2));
  if constexpr (product<Located>::kernels::weights_of_an_output <=
                lamina::kernels::conv2d_pool_terms) {
    add_fusion<pooled_forward<Located, Pool, 2>>("conv2d_pool_training" + name,
                                                 effort_of<Located>(2));
    add_fusion<pooled_backward<Located, Pool, 2>>("conv2d_pool_backward" + name,
                                                  effort_of<Located>(2));
  }
  const double values = Located::out::size;
  const effort passes{.operations = 0, .executed = 0, .bytes = 4 * 4 * values * 32, .images = 32};
  if constexpr (lamina::kernels::pools_each_pixel_once(
                    lamina::execution::pool_extents_of<Pool>())) {
    add_fusion<normalised_pool<Located, Pool, 2>>("normalised_pool" + name, passes);
  }
}

template <class Located, int Blocks>
void add_updating() {
  add_fusion<updating_gradient<Located, Blocks>>("dense_weights_rmsprop/" + terms<Located>::name() +
                                                     "/images:" + std::to_string(Blocks * lanes),
                                                 effort_of<Located>(Blocks));
}

template <class Located, int Blocks>
void add_passed_back() {
  add_fusion<passed_back<Located, Blocks>>(
      "dense_input_relu/" + terms<Located>::name() + "/images:" + std::to_string(Blocks * lanes),
      effort_of<Located>(Blocks));
}

effort passes_over(int values, double times) {
  return {.operations = 0, .executed = 0, .bytes = 4.0 * times * values * 32, .images = 32};
}

bool register_fusions() {
  using cnn = lamina::bench::made_direct<lamina::models::asl_cnn>;
  using mlp = lamina::models::mnist_mlp;
  add_epilogue<layer_at<cnn, 1>>("conv2d");
  add_epilogue<layer_at<cnn, 5>>("conv2d");
  add_epilogue<layer_at<cnn, 10>>("conv2d");
  add_epilogue<layer_at<mlp, 2>>("dense");
  add_epilogue<layer_at<mlp, 4>>("dense");
  add_pooled<layer_at<cnn, 1>, layer_at<cnn, 4>>();
  add_pooled<layer_at<cnn, 5>, layer_at<cnn, 9>>();
  add_pooled<layer_at<cnn, 10>, layer_at<cnn, 13>>();
  add_fusion<winograd_pooled<layer_at<cnn, 5>, layer_at<cnn, 9>, 2>>(
      "winograd_pool_inference/75-50,14x14,3x3",
      effort_of<layer_at<lamina::models::asl_cnn, 5>>(2));
  add_updating<layer_at<mlp, 2>, 2>();
  add_updating<layer_at<mlp, 2>, 4>();
  add_updating<layer_at<mlp, 2>, 8>();
  add_updating<layer_at<mlp, 4>, 2>();
  add_updating<layer_at<mlp, 4>, 8>();
  add_passed_back<layer_at<mlp, 4>, 2>();
  add_passed_back<layer_at<mlp, 4>, 8>();
  add_passed_back<layer_at<mlp, 6>, 2>();
  add_passed_back<layer_at<mlp, 6>, 8>();
  add_fusion<loss_of_a_batch<10>>("softmax_cross_entropy_gradient/10", passes_over(10, 3));
  add_fusion<loss_of_a_batch<24>>("softmax_cross_entropy_gradient/24", passes_over(24, 3));
  add_fusion<dropped<9800>>("dropout_twice/50,14x14", passes_over(9800, 4));
  add_fusion<dropped<512>>("dropout_twice/512", passes_over(512, 4));
  return true;
}

}  // namespace

static const bool rows = register_fusions();
