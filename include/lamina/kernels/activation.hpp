// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

// An activation is a function of an xsimd batch. Its gradient is computed from its output y.

struct identity {
  template <class B>
  [[gnu::always_inline]] B operator()(B x) const {
    return x;
  }
  template <class B>
  [[gnu::always_inline]] B gradient(B, B dy) const {
    return dy;
  }
};

/// max(x, 0), and NaN where x is NaN: in this order, as x86 takes the second operand then.
struct relu {
  template <class B>
  [[gnu::always_inline]] B operator()(B x) const {
    return kernels::max(filled<typename B::arch_type, typename B::value_type>(0), x);
  }
  template <class B>
  [[gnu::always_inline]] B gradient(B y, B dy) const {
    return kernels::where(y > B(0), dy);
  }
};

/// relu, then dropout with this factor: the output is zero where either made it so, so that the
/// gradient needs no mask. Backward only.
struct dropped_relu {
  double factor = 1;  // 1 / (1 - rate)

  template <class B>
  [[gnu::always_inline]] B gradient(B y, B dy) const {
    return kernels::where(y > B(0), dy * B(static_cast<typename B::value_type>(factor)));
  }
};

/// x where x > 0, else slope * x; the slope is not negative.
struct leaky_relu {
  double slope = 0.01;

  template <class B>
  [[gnu::always_inline]] B operator()(B x) const {
    return xsimd::select(x > B(0), x, x * factor<B>());
  }
  template <class B>
  [[gnu::always_inline]] B gradient(B y, B dy) const {
    return xsimd::select(y > B(0), dy, dy * factor<B>());
  }

 private:
  template <class B>
  [[gnu::always_inline]] B factor() const {
    return B(static_cast<typename B::value_type>(slope));
  }
};

struct hyperbolic_tangent {
  template <class B>
  [[gnu::always_inline]] B operator()(B x) const {
    return xsimd::tanh(x);
  }
  template <class B>
  [[gnu::always_inline]] B gradient(B y, B dy) const {
    return dy * (B(1) - y * y);
  }
};

/// 1 / (1 + exp(-x)), from exp(-|x|) so that nothing overflows.
struct sigmoid {
  template <class B>
  [[gnu::always_inline]] B operator()(B x) const {
    const B e = xsimd::exp(-xsimd::abs(x));
    return divide(xsimd::select(x > B(0), B(1), e), B(1) + e);
  }
  template <class B>
  [[gnu::always_inline]] B gradient(B y, B dy) const {
    return dy * y * (B(1) - y);
  }
};

/// y = activation(x) for n values, n a multiple of 16; y may be x.
template <class Arch = native, class T, class Activation>
void activation_forward(const T* x, T* y, std::ptrdiff_t n, Activation activation) {
  for_each_register<Arch, T>(
      n, [&](std::ptrdiff_t i)
             __attribute__((always_inline)) { put<Arch>(y + i, activation(load<Arch>(x + i))); });
}

/// dx = dy * activation'(x) from the output y, n a multiple of 16; dx may be dy or y.
template <class Arch = native, class T, class Activation>
void activation_backward(const T* y, const T* dy, T* dx, std::ptrdiff_t n, Activation activation) {
  for_each_register<Arch, T>(
      n, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        put<Arch>(dx + i, activation.gradient(load<Arch>(y + i), load<Arch>(dy + i)));
      });
}

/// y = a + b, n a multiple of 16; y may be a or b.
template <class Arch = native, class T>
void add(const T* a, const T* b, T* y, std::ptrdiff_t n) {
  for_each_register<Arch, T>(
      n, [&](std::ptrdiff_t i) __attribute__((always_inline)) {
        put<Arch>(y + i, load<Arch>(a + i) + load<Arch>(b + i));
      });
}

}  // namespace lamina::kernels
