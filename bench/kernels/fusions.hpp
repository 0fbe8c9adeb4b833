// SPDX-License-Identifier: BSL-1.0
// What a fusion computes in one go, and the same in steps one after another, every other fusion
// kept. A subject has both, `fused()` and `apart()`, and their `result()`.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "passes.hpp"
#include "products.hpp"

#include <lamina/execution/pooling.hpp>
#include <lamina/kernels/conv2d_pool.hpp>
#include <lamina/train/optimizers.hpp>

namespace bench {

/// One of the two ways of a fusion, held against the other.
template <class Fusion, bool Fused>
struct way : Fusion {
  void run() {
    if constexpr (Fused)
      this->fused();
    else
      this->apart();
  }

  bool right() {
    Fusion one;
    Fusion other;
    one.fused();
    other.apart();
    const std::vector<float> found = one.result();
    const std::vector<float> expected = other.result();
    for (std::size_t i = 0; i < found.size(); ++i) {
      if (!near(found[i], expected[i])) return false;
    }
    return !found.empty();
  }
};

/// The rows NAME/fused and NAME/apart.
template <class Fusion>
void add_fusion(const std::string& name, const effort& of) {
  add_kernel<way<Fusion, true>>(name + "/fused", of);
  add_kernel<way<Fusion, false>>(name + "/apart", of);
}

inline std::vector<float> values_of(activations& of, int images, int count) {
  std::vector<float> all;
  for (int image = 0; image < images; ++image)
    for (int i = 0; i < count; ++i) all.push_back(of.at(image, i));
  return all;
}

inline std::vector<float> values_of(const buffer& of, int count) {
  return {of.data(), of.data() + count};
}

inline const float* read(const buffer& of) { return of.data(); }

/// Bias and relu in the epilogue of a product; or the product, the bias, relu.
template <class Located, int Blocks>
struct epilogue : product<Located> {
  using base = product<Located>;
  static constexpr kernels::range blocks{0, Blocks}, all{0, base::channels};

  epilogue() : base(Blocks), ones(numbers(base::channels, 8)) {
    for (int c = 0; c < base::channels; ++c) ones.data()[c] = 1;
  }
  void fused() {
    base::kernels::forward(read(this->weights), read(this->bias), this->packed(), this->x.view(),
                           this->y.view(), blocks, all, kernels::relu{});
  }
  void apart() {
    const float* none = nullptr;
    base::kernels::forward(read(this->weights), none, this->packed(), this->x.view(),
                           this->y.view(), blocks, all, kernels::identity{});
    for (int b = 0; b < Blocks; ++b) {
      const float* y = this->y.block(b);
      kernels::scale_shift<Arch>({base::channels, base::out / base::channels}, y, this->y.block(b),
                                 read(ones), read(this->bias), all);
      kernels::activation_forward<Arch>(y, this->y.block(b), std::ptrdiff_t{base::out} * lanes,
                                        kernels::relu{});
    }
  }
  std::vector<float> result() { return values_of(this->y, 1, base::out); }

  buffer ones;
};

/// The gradient of a dense layer's input that ends as the one in front of relu; or that gradient,
/// then relu's.
template <class Located, int Blocks>
struct passed_back : product<Located> {
  using base = product<Located>;
  static constexpr kernels::range blocks{0, Blocks}, all{0, base::in_channels};

  passed_back() : base(Blocks) {}

  template <class... Before>
  void multiply(Before... before) {
    base::kernels::backward_input(read(this->weights), read(this->fixed), this->y.view(),
                                  this->dx.view(), blocks, all, before...);
  }
  void fused() { multiply(kernels::relu{}, lamina::execution::as_const(this->x.view())); }
  void apart() {
    multiply();
    for (int b = 0; b < Blocks; ++b) {
      kernels::activation_backward<Arch>(
          static_cast<const float*>(this->x.block(b)), static_cast<const float*>(this->dx.block(b)),
          this->dx.block(b), std::ptrdiff_t{base::in} * lanes, kernels::relu{});
    }
  }
  std::vector<float> result() { return values_of(this->dx, 1, base::in); }
};

/// A convolution with relu, and a normalisation and a max_pool behind it.
template <class Located, class Pool, int Blocks>
struct convolution_with_pool : product<Located> {
  using base = product<Located>;
  static constexpr kernels::pool_extents pool = lamina::execution::pool_extents_of<Pool>();
  static constexpr kernels::conv2d_pool_extents extents{base::kernels::extents, pool};
  static constexpr kernels::plane_extents planes{pool.channels, pool.in_height* pool.in_width};
  static constexpr kernels::plane_extents pooled_planes{pool.channels,
                                                        pool.out_height* pool.out_width};
  static constexpr int channels = pool.channels, images = Blocks * lanes, pooled = Pool::out::size;
  static constexpr kernels::range blocks{0, Blocks}, all{0, channels};
  static constexpr typename base::kernels::window taps{};
  static constexpr kernels::relu activation{};

  convolution_with_pool()
      : base(Blocks),
        z(Blocks, pooled, 11),
        dz(Blocks, pooled, 12),
        taken(Blocks, pooled, 21),
        normalised(Blocks, base::out, 13),
        scale(numbers(channels, 14)),
        shift(numbers(channels, 15)),
        mean(numbers(channels, 16)),
        inverse(numbers(channels, 17)),
        dgamma(numbers(channels, 18)),
        dbeta(numbers(channels, 19)),
        scratch(kernels::conv2d_pool_scratch<Arch, float>(extents)) {
    for (int c = 0; c < channels; ++c) inverse.data()[c] = scale.data()[c] += 2;
    convolve();
    each_block([&](int b, const float* y) {
      kernels::max_pool_forward<Arch>(pool, y, taken.block(b), all);
    });
  }

  kernels::conv2d_pool_operands<float> from() {
    return {extents, read(this->fixed), read(this->bias), scratch.data()};
  }
  void convolve() {
    base::kernels::forward(read(this->weights), read(this->bias), this->packed(), this->x.view(),
                           this->y.view(), blocks, all, activation);
  }
  template <class F>
  void each_block(F f) {
    for (int b = 0; b < Blocks; ++b) f(b, static_cast<const float*>(this->y.block(b)));
  }
  /// The convolution computed anew that ends in its pool.
  void convolve_and_pool() {
    kernels::conv2d_pool_forward<Arch>(taps, from(), this->x.view(), z.view(), read(scale),
                                       read(shift), blocks, all, activation);
  }
  /// From the gradient of the pool to that of the stored convolution, in one pass.
  void unpool_normalised(activations& gradient) {
    kernels::batch_norm_max_pool_backward_sums<Arch>(pool, this->y.view(), dz.view(), Blocks,
                                                     read(mean), read(inverse), read(scale),
                                                     read(shift), dgamma.data(), dbeta.data(), all);
    kernels::batch_norm_max_pool_backward_input<Arch>(
        pool, this->y.view(), dz.view(), gradient.view(), images, read(mean), read(inverse),
        read(scale), read(dgamma), read(dbeta), read(scale), read(shift), blocks, all, activation);
  }
  void pool_normalised() {
    each_block([&](int b, const float* y) {
      kernels::scale_shift_max_pool_forward<Arch>(pool, y, z.block(b), read(scale), read(shift),
                                                  all);
    });
  }

  activations z, dz, taken, normalised;
  buffer scale, shift, mean, inverse, dgamma, dbeta, scratch;
};

/// Inference: the convolution ends in its pool; or it is stored, then normalised and pooled.
template <class Located, class Pool, int Blocks>
struct pooled_inference : convolution_with_pool<Located, Pool, Blocks> {
  using base = convolution_with_pool<Located, Pool, Blocks>;

  void fused() { this->convolve_and_pool(); }
  void apart() {
    this->convolve();
    this->pool_normalised();
  }
  std::vector<float> result() { return values_of(this->z, 1, base::pooled); }
};

/// Training forward: statistics and what the pool takes from a convolution that is not stored, then
/// the normalisation of that; or from a stored one.
template <class Located, class Pool, int Blocks>
struct pooled_forward : convolution_with_pool<Located, Pool, Blocks> {
  using base = convolution_with_pool<Located, Pool, Blocks>;

  void fused() {
    kernels::conv2d_pool_statistics<Arch>(base::taps, this->from(), this->x.view(), base::images,
                                          read(this->scale), this->taken.view(), this->mean.data(),
                                          this->inverse.data(), base::all, base::activation);
    for (int b = 0; b < Blocks; ++b)
      kernels::scale_shift<Arch>(base::pooled_planes,
                                 static_cast<const float*>(this->taken.block(b)), this->z.block(b),
                                 read(this->scale), read(this->shift), base::all);
  }
  void apart() {
    this->convolve();
    kernels::batch_norm_statistics<Arch>(base::planes, this->y.view(), base::images,
                                         this->mean.data(), this->inverse.data(), base::all);
    this->pool_normalised();
  }
  std::vector<float> result() { return values_of(this->z, 1, base::pooled); }
};

/// Training backward: gradients of the normalisation from what the pool took, those of the weights
/// from a convolution computed anew; or both from a stored one.
template <class Located, class Pool, int Blocks>
struct pooled_backward : convolution_with_pool<Located, Pool, Blocks> {
  using base = convolution_with_pool<Located, Pool, Blocks>;

  void fused() {
    kernels::batch_norm_backward_sums<Arch>(
        base::pooled_planes, this->taken.view(), this->dz.view(), Blocks, read(this->mean),
        read(this->inverse), this->dgamma.data(), this->dbeta.data(), base::all);
    kernels::conv2d_pool_backward_weights<Arch>(
        base::taps, this->from(), this->x.view(), this->taken.view(), this->dz.view(), base::images,
        read(this->mean), read(this->inverse), read(this->scale), read(this->dgamma),
        read(this->dbeta), this->dw.data(), this->db.data(), base::all, base::activation);
  }
  void apart() {
    this->unpool_normalised(this->normalised);
    base::kernels::backward_weights(this->normalised.view(), this->x.view(), Blocks,
                                    this->dw.data(), this->db.data(), base::all);
  }
  std::vector<float> result() { return values_of(this->dw, static_cast<int>(base::weight_count)); }
};

/// A normalisation with the pool behind it, forward and backward; or one after the other, the
/// normalised plane and its gradient stored.
template <class Located, class Pool, int Blocks>
struct normalised_pool : convolution_with_pool<Located, Pool, Blocks> {
  using base = convolution_with_pool<Located, Pool, Blocks>;

  void fused() {
    this->pool_normalised();
    this->unpool_normalised(gradient);
  }
  void apart() {
    this->each_block([&](int b, const float* y) {
      kernels::scale_shift<Arch>(base::planes, y, this->normalised.block(b), read(this->scale),
                                 read(this->shift), base::all);
    });
    this->each_block([&](int b, const float*) {
      kernels::max_pool_forward<Arch>(base::pool,
                                      static_cast<const float*>(this->normalised.block(b)),
                                      this->z.block(b), base::all);
    });
    this->each_block([&](int b, const float*) {
      kernels::max_pool_backward<Arch>(
          base::pool, static_cast<const float*>(this->normalised.block(b)),
          static_cast<const float*>(this->dz.block(b)), gradient.block(b), base::all);
    });
    kernels::batch_norm_backward_sums<Arch>(base::planes, this->y.view(), gradient.view(), Blocks,
                                            read(this->mean), read(this->inverse),
                                            this->dgamma.data(), this->dbeta.data(), base::all);
    kernels::batch_norm_backward_input<Arch>(
        base::planes, this->y.view(), gradient.view(), gradient.view(), base::images,
        read(this->mean), read(this->inverse), read(this->scale), read(this->dgamma),
        read(this->dbeta), base::blocks, base::all);
    this->each_block([&](int b, const float* y) {
      kernels::activation_backward<Arch>(y, static_cast<const float*>(gradient.block(b)),
                                         gradient.block(b), std::ptrdiff_t{base::out} * lanes,
                                         base::activation);
    });
  }
  std::vector<float> result() { return values_of(gradient, 1, base::out); }

  activations gradient{Blocks, base::out, 20};
};

}  // namespace bench
