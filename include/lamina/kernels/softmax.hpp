// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels {

namespace detail {

template <class Arch, class T>
struct normaliser {
  batch<Arch, T> maximum, sum;
};

/// y = exp(x - max x) for one register of lanes, and what it takes to finish the softmax.
template <class Arch, class T>
[[gnu::always_inline]] inline normaliser<Arch, T> exponentials(int n, const T* x, T* y) {
  auto maximum = load<Arch>(x);
  for (int i = 1; i < n; ++i) maximum = xsimd::max(maximum, load<Arch>(x + i * lanes));
  batch<Arch, T> total[2] = {filled<Arch, T>(T(0)), filled<Arch, T>(T(0))};  // less rounding
  for (int i = 0; i < n; ++i) {
    const auto e = xsimd::exp(load<Arch>(x + i * lanes) - maximum);
    total[i % 2] += e;
    put<Arch>(y + i * lanes, e);
  }
  return {maximum, total[0] + total[1]};
}

}  // namespace detail

/// y = exp(x) / sum exp(x) over the n features of one block, (feature, lane); y may be x.
template <class Arch = native, class T>
void softmax_forward(int n, const T* x, T* y) {
  for (int l = 0; l < lanes; l += width<Arch, T>) {
    const auto total = detail::exponentials<Arch>(n, x + l, y + l).sum;
    for (int i = l; i < n * lanes; i += lanes) put<Arch>(y + i, divide(load<Arch>(y + i), total));
  }
}

/// dx = y (dy - sum y dy), from the output y; one block, (feature, lane); dx may be dy.
template <class Arch = native, class T>
void softmax_backward(int n, const T* y, const T* dy, T* dx) {
  for (int l = 0; l < lanes; l += width<Arch, T>) {
    batch<Arch, T> mean(T(0));
    for (int i = l; i < n * lanes; i += lanes)
      mean = kernels::fma(load<Arch>(y + i), load<Arch>(dy + i), mean);
    for (int i = l; i < n * lanes; i += lanes)
      put<Arch>(dx + i, load<Arch>(y + i) * (load<Arch>(dy + i) - mean));
  }
}

/// Softmax, cross-entropy and the gradient of the logits, of one block with `live` images.
/// target = (1 - smoothing) * [i = label] + smoothing / n, as Keras; loss[lane] >= 0 unscaled;
/// dx = (probabilities - target) * scale. Dead lanes get zero in dx and loss. Without a gradient
/// wanted, dx may be null.
template <class Arch = native, class T>
void softmax_cross_entropy(int n, const T* logits,  // (n, lane)
                           const int* labels,       // (lane), live ones 0 <= label < n
                           int live, double smoothing, std::type_identity_t<T> scale,
                           T* probabilities, T* dx, T* loss) {  // (n, lane), (n, lane), (lane)
  const T share = static_cast<T>(smoothing / n);
  const T whole = static_cast<T>(1 - smoothing);
  alignas(64) T mask[lanes];
  mark_live_lanes<Arch>(mask, live);
  for (int l = 0; l < lanes; l += width<Arch, T>) {
    const auto [maximum, total] = detail::exponentials<Arch>(n, logits + l, probabilities + l);
    for (int i = l; i < n * lanes; i += lanes)
      put<Arch>(probabilities + i, divide(load<Arch>(probabilities + i), total));
    batch<Arch, T> all(T(0));  // of the logits, for what smoothing gives to each class
    if (smoothing != 0)
      for (int i = l; i < n * lanes; i += lanes) all += load<Arch>(logits + i);
    alignas(64) T maxima[lanes], totals[lanes], rest[lanes];
    put<Arch>(maxima, maximum);
    put<Arch>(totals, total);
    put<Arch>(rest, (all - maximum * T(n)) * share);
    for (int k = l; k < l + width<Arch, T> && k < live; ++k) {
      const T own = logits[labels[k] * lanes + k] - maxima[k - l];
      loss[k] = std::max(std::log(totals[k - l]) - rest[k - l] - whole * own, T(0));
    }
    if (dx == nullptr) continue;
    const auto is_live = load<Arch>(mask + l) > filled<Arch, T>(T(0));
    for (int i = l; i < n * lanes; i += lanes) {
      const auto p = load<Arch>(probabilities + i);
      put<Arch>(dx + i, kernels::where(is_live, (p - filled<Arch, T>(share)) * scale));
    }
  }
  for (int l = live; l < lanes; ++l) loss[l] = T(0);
  if (dx == nullptr) return;
  for (int k = 0; k < live; ++k) dx[labels[k] * lanes + k] -= whole * scale;
}

/// best[lane] = which of the n features x (feature, lane) of one block is largest, the first of
/// equal ones, and the first of all where that is NaN.
template <class Arch = native, class T>
void argmax(int n, const T* x, int* best) {
  alignas(64) T found[lanes];
  for (int l = 0; l < lanes; l += width<Arch, T>) {
    auto largest = load<Arch>(x + l), at = filled<Arch, T>(T(0));
    for (int i = 1; i < n; ++i) {
      const auto value = load<Arch>(x + i * lanes + l);
      const auto is_larger = value > largest;
      largest = xsimd::select(is_larger, value, largest);
      at = xsimd::select(is_larger, filled<Arch, T>(static_cast<T>(i)), at);
    }
    put<Arch>(found + l, at);
  }
  one_by_one(lanes, [&](int lane) { best[lane] = static_cast<int>(found[lane]); });
}

}  // namespace lamina::kernels
