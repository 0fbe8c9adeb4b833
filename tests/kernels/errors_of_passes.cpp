// SPDX-License-Identifier: BSL-1.0
// Normalisation, pooled convolutions, pooling, softmax and optimizers: errors against double, no
// larger than those of plain sums.
#include <lamina/kernels/conv2d_pool.hpp>
#include <lamina/kernels/gradients.hpp>
#include <lamina/kernels/one_image.hpp>
#include <lamina/kernels/optimizers.hpp>
#include <lamina/kernels/softmax.hpp>
//
#include "kernels/convolutions.hpp"
#include "kernels/errors.hpp"

namespace {

using namespace lamina;
using namespace lamina::test;

constexpr int channels = 1000, images_of_a_batch = 16, side = 14, pixels = side * side;

double wide(float x) { return static_cast<double>(x); }

template <class F>
void for_each_value(F f) {
  for (int image = 0; image < images_of_a_batch; ++image)
    for (int row = 0; row < side; ++row)
      for (int k = 0; k < side; ++k) f(image, row, k);
}

/// Mean and variance of a channel, in two passes.
struct two_moments {
  double exact_mean, exact_variance;
  float plain_mean, plain_variance;

  two_moments(const images<float>& x, int c) {
    const double n = images_of_a_batch * pixels;
    two_sums sum;
    for_each_value([&](int image, int row, int k) { sum.add(x.at(image, c, row, k)); });
    exact_mean = sum.exact / n;
    plain_mean = sum.plain / static_cast<float>(n);
    two_sums squares;
    for_each_value([&](int image, int row, int k) {
      const double distance = wide(x.at(image, c, row, k)) - exact_mean;
      const float rounded = x.at(image, c, row, k) - plain_mean;
      squares.exact += distance * distance;
      squares.plain = std::fma(rounded, rounded, squares.plain);
    });
    exact_variance = squares.exact / n;
    plain_variance = squares.plain / static_cast<float>(n);
  }
};

void check_statistics(const images<float>& x, const array<float>& mean,
                      const array<float>& variance, const char* kernel) {
  errors means, variances;
  for (int c = 0; c < channels; ++c) {
    const two_moments expected(x, c);
    means.add(expected.exact_mean, mean[c], expected.plain_mean);
    variances.add(expected.exact_variance, variance[c], expected.plain_variance);
  }
  means.check((std::string(kernel) + ", mean").c_str(), images_of_a_batch * pixels);
  variances.check((std::string(kernel) + ", variance").c_str(), images_of_a_batch * pixels);
}

/// Mean and inverse deviation of each channel in float, and what follows from them.
struct normalisation {
  array<float> mean{channels}, variance{channels}, inverse{channels}, scale{channels};
  array<float> shift{channels}, gamma = numbers<float>(channels, 5);
  array<float> dgamma{channels}, dbeta{channels};

  normalisation() {
    for (int c = 0; c < channels; ++c) gamma[c] = 1 + gamma[c] / 4;
  }

  void finish() {
    for (int c = 0; c < channels; ++c) {
      inverse[c] = 1 / std::sqrt(variance[c] + 0.001F);
      scale[c] = gamma[c] * inverse[c];
      shift[c] = -mean[c] * scale[c];
    }
  }
};

TEST_CASE("batch_norm: statistics and what its backward pass adds up") {
  images<float> x(images_of_a_batch, channels, side, side, 1);
  const images<float> dy(images_of_a_batch, channels, side, side, 2);
  make_positive(x);
  const kernels::plane_extents e{channels, pixels};
  normalisation n;
  kernels::batch_norm_statistics(e, x.view(), images_of_a_batch, n.mean.data(), n.variance.data(),
                                 {0, channels});
  check_statistics(x, n.mean, n.variance, "batch_norm");
  n.finish();
  kernels::batch_norm_backward_sums(e, x.view(), dy.view(), 1, n.mean.data(), n.inverse.data(),
                                    n.dgamma.data(), n.dbeta.data(), {0, channels});
  errors gammas, betas;
  for (int c = 0; c < channels; ++c) {
    two_sums products, plain;
    for_each_value([&](int image, int row, int k) {
      const float g = dy.at(image, c, row, k), value = x.at(image, c, row, k);
      products.exact += (wide(value) - wide(n.mean[c])) * wide(g);
      products.plain = std::fma(value - n.mean[c], g, products.plain);
      plain.add(g);
    });
    gammas.add(products.exact * wide(n.inverse[c]), n.dgamma[c], products.plain * n.inverse[c]);
    betas.add(plain, n.dbeta[c]);
  }
  gammas.check("batch_norm, dgamma", images_of_a_batch * pixels);
  betas.check("batch_norm, dbeta", images_of_a_batch * pixels);
}

/// A convolution of one channel, relu, normalisation and pooling of two by two, never stored; what
/// it is compared with starts at the convolution's output as conv2d_forward stores it.
struct pooled_convolution {
  static constexpr kernels::window<3, 3> taps{};
  kernels::conv2d_extents product = extents(taps, true, 1, side, side, channels);
  kernels::conv2d_pool_extents e{product,
                                 {channels, side, side, side / 2, side / 2, 2, 2, 2, 2, 0, 0}};
  images<float> x{images_of_a_batch, 1, side, side, 1};
  images<float> stored{images_of_a_batch, channels, side, side};
  images<float> pooled{images_of_a_batch, channels, side / 2, side / 2};
  images<float> dy{images_of_a_batch, channels, side / 2, side / 2, 2};
  array<float> weights = numbers<float>(channels * 9, 3), bias = numbers<float>(channels, 4);
  array<float> packed{static_cast<std::ptrdiff_t>(
      kernels::conv2d_packed_size<kernels::native, float>(taps, product))};
  array<float> scratch{
      static_cast<std::ptrdiff_t>(kernels::conv2d_pool_scratch<kernels::native, float>(e))};
  array<float> dw{channels * 9}, db{channels};
  normalisation n;

  pooled_convolution() {
    kernels::conv2d_pack_forward(taps, product, weights.data(), packed.data());
    kernels::conv2d_forward(taps, product, packed.data(), bias.data(), x.view(), stored.view(),
                            {0, 1}, {0, channels}, kernels::relu{});
  }

  kernels::conv2d_pool_operands<float> operands() {
    return {e, packed.data(), bias.data(), scratch.data()};
  }

  void measure() {
    kernels::conv2d_pool_statistics(taps, operands(), x.view(), images_of_a_batch, n.gamma.data(),
                                    pooled.view(), n.mean.data(), n.variance.data(), {0, channels},
                                    kernels::relu{});
  }

  /// Calls f(image, row, column, gradient) for the largest pixel of each window of a channel.
  template <class F>
  void for_each_maximum(int c, F f) const {
    for (int image = 0; image < images_of_a_batch; ++image)
      for (int row = 0; row < side / 2; ++row)
        for (int k = 0; k < side / 2; ++k) {
          int best = 0;
          const auto seen = [&](int i) {
            return std::fma(stored.at(image, c, 2 * row + i / 2, 2 * k + i % 2), n.scale[c],
                            n.shift[c]);
          };
          for (int i = 1; i < 4; ++i) best = seen(i) > seen(best) ? i : best;
          f(image, 2 * row + best / 2, 2 * k + best % 2, dy.at(image, c, row, k));
        }
  }

  /// The gradient at the convolution's output, behind relu, for one channel.
  template <class T>
  std::vector<T> gradient(int c) const {
    const T a = T(n.gamma[c]) * T(n.inverse[c]), count = T(images_of_a_batch * pixels);
    std::vector<T> routed(static_cast<std::size_t>(images_of_a_batch * pixels));
    for_each_maximum(c, [&](int image, int row, int k, float g) { routed[at(image, row, k)] = g; });
    for_each_value([&](int image, int row, int k) {
      const T value = stored.at(image, c, row, k);
      const T rest = T(n.dbeta[c]) + (value - T(n.mean[c])) * T(n.inverse[c]) * T(n.dgamma[c]);
      T& g = routed[at(image, row, k)];
      g = value > 0 ? a * (g - rest / count) : T(0);
    });
    return routed;
  }
  static std::size_t at(int image, int row, int k) {
    return static_cast<std::size_t>((image * side + row) * side + k);
  }
};

TEST_CASE("a convolution that is never stored: statistics") {
  pooled_convolution p;
  p.measure();
  check_statistics(p.stored, p.n.mean, p.n.variance, "pooled conv2d");
}

TEST_CASE("a convolution that is never stored: sums and gradients of weights") {
  pooled_convolution p;
  normalisation& n = p.n;
  p.measure();
  n.finish();
  kernels::batch_norm_backward_sums({channels, pixels / 4}, p.pooled.view(), p.dy.view(), 1,
                                    n.mean.data(), n.inverse.data(), n.dgamma.data(),
                                    n.dbeta.data(), {0, channels});
  kernels::conv2d_pool_backward_weights(
      p.taps, p.operands(), p.x.view(), p.pooled.view(), p.dy.view(), images_of_a_batch,
      n.mean.data(), n.inverse.data(), n.gamma.data(), n.dgamma.data(), n.dbeta.data(), p.dw.data(),
      p.db.data(), {0, channels}, kernels::relu{});
  errors gammas, betas, weights, biases;
  for (int c = 0; c < channels; ++c) {
    two_sums products, plain;
    p.for_each_maximum(c, [&](int image, int row, int k, float g) {
      const float value = p.stored.at(image, c, row, k);
      products.exact += (wide(value) - wide(n.mean[c])) * wide(g);
      products.plain = std::fma(value - n.mean[c], g, products.plain);
      plain.add(g);
    });
    gammas.add(products.exact * wide(n.inverse[c]), n.dgamma[c], products.plain * n.inverse[c]);
    betas.add(plain, n.dbeta[c]);
    const auto exact = p.gradient<double>(c);
    const auto rounded = p.gradient<float>(c);
    two_sums bias, sums[9];
    for_each_value([&](int image, int row, int k) {
      const double g = exact[p.at(image, row, k)];
      const float gradient = rounded[p.at(image, row, k)];
      bias.exact += g;
      bias.plain += gradient;
      for_each_tap(p.taps, p.product, row, k, [&](int iy, int ix, int tap) {
        const float value = p.x.at(image, 0, iy, ix);
        sums[tap].exact += g * wide(value);
        sums[tap].plain = std::fma(gradient, value, sums[tap].plain);
      });
    });
    biases.add(bias, p.db[c]);
    for (int tap = 0; tap < 9; ++tap) weights.add(sums[tap], p.dw[c * 9 + tap]);
  }
  gammas.check("pooled conv2d, dgamma", images_of_a_batch * pixels / 4);
  betas.check("pooled conv2d, dbeta", images_of_a_batch * pixels / 4);
  weights.check("pooled conv2d weights", images_of_a_batch * pixels);
  biases.check("pooled conv2d bias", images_of_a_batch * pixels);
}

TEST_CASE("average pooling") {
  const kernels::pool_extents e{64, 7, 7, 1, 1, 7, 7, 7, 7, 0, 0};
  images<float> x(16, 64, 7, 7, 1), y(16, 64, 1, 1);
  make_positive(x);
  kernels::average_pool_forward(e, static_cast<const float*>(x.view().block(0)), y.view().block(0),
                                {0, 64});
  errors all;
  y.for_each([&](int image, int c, int, int) {
    two_sums sum;
    for (int i = 0; i < 49; ++i) sum.add(x.at(image, c, i / 7, i % 7));
    all.add(sum.exact / 49, y.at(image, c), sum.plain / 49);
  });
  all.check("average_pool", 49);
}

/// Probabilities, logarithm of the sum and all that from logits that lie `step` apart.
template <class T>
struct plain_softmax {
  std::vector<T> probabilities;
  T largest, sum = 0;

  plain_softmax(int n, const float* logits, int step) : largest(logits[0]) {
    for (int i = 0; i < n; ++i) largest = std::max(largest, T(logits[i * step]));
    for (int i = 0; i < n; ++i) {
      probabilities.push_back(std::exp(T(logits[i * step]) - largest));
      sum += probabilities.back();
    }
    for (T& p : probabilities) p /= sum;
  }
  T loss(float own) const { return std::log(sum) - (T(own) - largest); }
};

TEST_CASE("softmax with its loss and gradient") {
  constexpr int n = 24, blocks = 640;
  errors probabilities, gradients, losses, one_image;
  for (unsigned b = 0; b < blocks; ++b) {
    auto x = numbers<float>(n * lanes, b + 1);
    for (int i = 0; i < n * lanes; ++i) x[i] *= 4;
    std::vector<int> labels(lanes);
    for (std::size_t l = 0; l < lanes; ++l) labels[l] = static_cast<int>(5 * l + b) % n;
    array<float> y(n * lanes), dx(n * lanes), loss(lanes);
    kernels::softmax_cross_entropy(n, x.data(), labels.data(), lanes, 0, 1, y.data(), dx.data(),
                                   loss.data());
    for (int l = 0; l < lanes; ++l) {
      const plain_softmax<double> exact(n, &x[l], lanes);
      const plain_softmax<float> plain(n, &x[l], lanes);
      const int label = labels[static_cast<std::size_t>(l)];
      losses.add(exact.loss(x[label * lanes + l]), loss[l], plain.loss(x[label * lanes + l]));
      float alone[n], found[n];
      for (int i = 0; i < n; ++i) alone[i] = x[i * lanes + l];
      kernels::softmax_one_image(n, static_cast<const float*>(alone), found);
      for (int i = 0; i < n; ++i) {
        const auto k = static_cast<std::size_t>(i);
        const double p = exact.probabilities[k];
        const float q = plain.probabilities[k];
        probabilities.add(p, y[i * lanes + l], q);
        one_image.add(p, found[i], q);
        gradients.add(p - (i == label), dx[i * lanes + l], q - (i == label ? 1.0F : 0.0F));
      }
    }
  }
  probabilities.check("softmax", n);
  one_image.check("softmax, one image", n);
  gradients.check("softmax_cross_entropy, gradient", n);
  losses.check("softmax_cross_entropy, loss", n);
}

/// One step of a rule on 10,000 weights; step(weight, gradient, states) in double or in plain
/// float.
template <class Rule, class Step>
void check_update(const char* name, Rule rule, Step step) {
  constexpr int n = 10000;
  const auto before = numbers<float>(n, 1), gradient = numbers<float>(n, 2);
  array<float> first = numbers<float>(n, 3), second = numbers<float>(n, 4), weights = before;
  for (int i = 0; i < n; ++i) first[i] = std::abs(first[i]), second[i] = std::abs(second[i]);
  const auto first_before = first, second_before = second;
  float* states[] = {first.data(), second.data()};
  kernels::update<kernels::native>(rule, weights.data(), gradient.data(), states, n);
  errors all;
  for (int i = 0; i < n; ++i) {
    double exact[] = {wide(first_before[i]), wide(second_before[i])};
    float plain[] = {first_before[i], second_before[i]};
    all.add(step(wide(before[i]), wide(gradient[i]), exact), weights[i],
            step(before[i], gradient[i], plain));
  }
  all.check(name, 2);
}

TEST_CASE("updates of the optimizers") {
  check_update("sgd", kernels::plain_descent_rule<float>{0.3F},
               [](auto w, auto g, auto*) { return w - decltype(w)(0.3F) * g; });
  check_update("sgd with momentum", kernels::momentum_rule<float, false>{0.3F, 0.9F},
               [](auto w, auto g, auto* m) {
                 using T = decltype(w);
                 return w + (T(0.9F) * m[0] - T(0.3F) * g);
               });
  check_update("rmsprop", kernels::rmsprop_rule<float, true>{0.3F, 0.9F, 0.1F, 1e-7F},
               [](auto w, auto g, auto* v) {
                 using T = decltype(w);
                 const T square = T(0.9F) * v[0] + T(0.1F) * g * g;
                 return w - T(0.3F) * g / std::sqrt(square + T(1e-7F));
               });
  check_update("adam", kernels::adam_rule<float, false>{0.3F, 0.1F, 0.01F, 1e-7F, 1.0F},
               [](auto w, auto g, auto* s) {
                 using T = decltype(w);
                 const T m = s[0] + T(0.1F) * (g - s[0]), v = s[1] + T(0.01F) * (g * g - s[1]);
                 return w - T(0.3F) * m / (std::sqrt(v) + T(1e-7F));
               });
}

TEST_CASE("the norm of a gradient") {
  errors all;
  for (unsigned draw = 1; draw <= 1000; ++draw) {
    const auto values = numbers<float>(1000, draw);
    two_sums sum;
    for (int i = 0; i < 1000; ++i) sum.add(values[i], values[i]);
    const double found = kernels::sum_of_squares<kernels::native>(values.data(), 1000);
    all.add(sum.exact, static_cast<float>(found), sum.plain);
  }
  all.check("sum_of_squares", 1000);
}

}  // namespace
