// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/batch_norm.hpp"
#include "lamina/kernels/pool.hpp"

namespace lamina::kernels {

// A normalisation and the max-pooling behind it as one: the normalised plane is never stored, nor
// is its gradient.

namespace detail {

/// A pooling that sees its input through a normalisation.
template <class Arch, class T>
struct scaled {
  batch<Arch, T> scale, shift;
  [[gnu::always_inline]] batch<Arch, T> operator()(const batch<Arch, T>& x) const {
    return kernels::fma(x, scale, shift);
  }
};

template <class Arch, class T>
struct negated {
  [[gnu::always_inline]] batch<Arch, T> operator()(const batch<Arch, T>& x) const { return -x; }
};

/// The input at the first pixel whose view is the largest of the patch.
template <class Arch, class T, class Patch, class View>
[[gnu::always_inline]] inline batch<Arch, T> input_of_maximum(const Patch& p, const T* x,
                                                              const View& view) {
  auto found = load<Arch>(x + p.at);
  auto best = view(found);
  p.for_each([&](std::ptrdiff_t i) __attribute__((always_inline)) {
    const auto input = load<Arch>(x + i);
    const auto seen = view(input);
    found = xsimd::select(seen > best, input, found);
    best = xsimd::max(seen, best);
  });
  return found;
}

/// Calls add(sums, offset of the output pixel, patch) for each patch; what it adds to the sums, two
/// a register of the lanes, goes to the totals before float loses digits. A row of patches has
/// `pixels` terms.
template <class Arch, int Side, class T, class Add>
[[gnu::always_inline]] inline void add_patches(lane_sums& totals, const pool_extents& e, int pixels,
                                               Add&& add) {
  partial_sums<Arch, T> sums;
  sums.clear();
  int added = 0;
  for (int y = 0; y < e.out_height; ++y) {
    for_each_patch_of_row<Arch, Side>(
        e, y, [&](std::ptrdiff_t o, const auto& p) __attribute__((always_inline)) {
          add(sums, o, p);
        });
    added += pixels;
    if (added + pixels > pixels_of_a_partial_sum || y + 1 == e.out_height) {
      sums.add_to(totals);
      sums.clear();
      added = 0;
    }
  }
}

/// Adds (x - center) dy and dy over one plane, dy by pooled pixel and x at its maximum.
template <class Arch, int Side, class T, class View>
[[gnu::noinline]] void add_pooled_plane(lane_sums& totals, const pool_extents& e, const T* x,
                                        const T* dy, View view, batch<Arch, T> center) {
  add_patches<Arch, Side, T>(
      totals, e,
      e.out_width, [&](auto& sums, std::ptrdiff_t o, const auto& p) __attribute__((always_inline)) {
        unroll<registers<Arch, T>>([&](int i) __attribute__((always_inline)) {
          const auto at = input_of_maximum<Arch>(p, x + i * width<Arch, T>, view);
          const auto g = load<Arch>(dy + o + i * width<Arch, T>);
          sums.first[i] = kernels::fma(at - center, g, sums.first[i]);
          sums.second[i] += g;
        });
      });
}

/// What `add_distances` adds over one plane whose patches tile it, and what the pool takes of each
/// patch: the largest value, or the smallest as `negated` sees them.
template <class Arch, int Side, class T, class View>
[[gnu::noinline]] void add_distances_and_pool(lane_sums& totals, const pool_extents& e, const T* x,
                                              const T* pivots, T* y, View view) {
  constexpr int w = width<Arch, T>;
  add_patches<Arch, Side, T>(
      totals, e, e.out_width * e.window_height * e.window_width,
      [&](auto& sums, std::ptrdiff_t o, const auto& p) __attribute__((always_inline)) {
        unroll<registers<Arch, T>>([&](int i) __attribute__((always_inline)) {
          const auto pivot = load<Arch>(pivots + i * w);
          const auto value = load<Arch>(x + p.at + i * w);
          auto best = view(value), first = value - pivot, second = first * first;
          p.for_each([&](std::ptrdiff_t at) __attribute__((always_inline)) {
            if (at == p.at) return;
            const auto next = load<Arch>(x + at + i * w);
            const auto distance = next - pivot;
            first += distance;
            second = kernels::fma(distance, distance, second);
            best = xsimd::max(best, view(next));
          });
          sums.first[i] += first;
          sums.second[i] += second;
          put<Arch>(y + o + i * w, view(best));
        });
      });
}

/// dx of one plane whose patches tile it, from the gradient dy of the pooled plane; dx may be x.
template <class Arch, int Side, class T, class View, class Before>
[[gnu::noinline]] void unpool_plane(const pool_extents& e, const T* x, const T* dy, T* dx,
                                    View view, const normalisation_gradient<Arch, T> gradient,
                                    Before before) {
  for_each_patch<Arch, Side>(
      e, [&](std::ptrdiff_t o, const auto& p) __attribute__((always_inline)) {
        for_each_register_of_pixel<Arch, T>([&](int l) __attribute__((always_inline)) {
          const auto best = maximum<Arch>(p, x + l, view);
          auto left = load<Arch>(dy + o + l);
          p.for_each([&](std::ptrdiff_t i) __attribute__((always_inline)) {
            const auto input = load<Arch>(x + i + l);
            const auto routed = kernels::where(view(input) == best, left);
            left = left - routed;
            put<Arch>(dx + i + l, before.gradient(input, gradient(input, routed, l)));
          });
        });
      });
}

/// `normalisation_gradient` with the mask in its factors, lane by lane.
template <class T>
struct masked_gradient {
  alignas(64) T factor[lanes], slope[lanes], constant[lanes];
  T center;

  /// `from`, in the lanes that its mask has.
  template <class Arch>
  [[gnu::always_inline]] static masked_gradient of(const normalisation_gradient<Arch, T>& from) {
    masked_gradient to;
    for_each_register_of_pixel<Arch, T>([&](int l) __attribute__((always_inline)) {
      const auto mask = load<Arch>(from.mask + l);
      put<Arch>(to.factor + l, from.factor * mask);
      put<Arch>(to.slope + l, from.slope * mask);
      put<Arch>(to.constant + l, from.constant * mask);
    });
    to.center = from.center.get(0);
    return to;
  }
};

/// What `unpool_plane` makes of a plane, in place, where it is known what the pool took of each
/// patch; the sum of the gradient over pixels and lanes.
template <class Arch, int Side, class T, class Before>
[[gnu::noinline]] T unpool_taken(const pool_extents& e, T* plane, const T* taken, const T* dy,
                                 const masked_gradient<T>& gradient, Before before) {
  using vector = batch<Arch, T>;
  constexpr int w = width<Arch, T>;
  const vector zero(T(0)), center(gradient.center);
  vector sums[registers<Arch, T>];
  unroll<registers<Arch, T>>([&](int i) __attribute__((always_inline)) { sums[i] = zero; });
  for_each_patch<Arch, Side>(
      e, [&](std::ptrdiff_t o, const auto& p) __attribute__((always_inline)) {
        unroll<registers<Arch, T>>([&](int i) __attribute__((always_inline)) {
          const auto factor = load<Arch>(gradient.factor + i * w);
          const auto slope = load<Arch>(gradient.slope + i * w);
          const auto constant = load<Arch>(gradient.constant + i * w);
          const auto best = load<Arch>(taken + o + i * w);
          auto left = load<Arch>(dy + o + i * w);
          auto sum = zero;
          p.for_each([&](std::ptrdiff_t at) __attribute__((always_inline)) {
            const auto input = load<Arch>(plane + at + i * w);
            const auto routed = kernels::where(input == best, left);
            left = left - routed;
            const auto base = kernels::fma(slope, input - center, constant);
            const auto dx = before.gradient(input, kernels::fma(factor, routed, base));
            put<Arch>(plane + at + i * w, dx);
            sum += dx;
          });
          sums[i] += sum;
        });
      });
  unroll<registers<Arch, T> - 1>([&](int i)
                                     __attribute__((always_inline)) { sums[0] += sums[i + 1]; });
  return kernels::sum(sums[0]);
}

}  // namespace detail

/// max_pool_forward of scale * x + shift, which is never stored.
template <class Arch = native, class T>
void scale_shift_max_pool_forward(pool_extents e, const T* x, T* y, const T* scale, const T* shift,
                                  range channels) {
  detail::for_each_plane<Arch>(e, channels, [&](int c, std::ptrdiff_t in, std::ptrdiff_t out) {
    detail::max_pool_plane<Arch>(
        e, x + in, y + out,
        detail::scaled<Arch, T>{filled<Arch, T>(scale[c]), filled<Arch, T>(shift[c])});
  });
}

/// max_pool_backward of scale * x + shift; dx is the gradient of that sum, not of x.
template <class Arch = native, class T>
void scale_shift_max_pool_backward(pool_extents e, const T* x, const T* scale, const T* shift,
                                   const T* dy, T* dx, range channels) {
  detail::for_each_plane<Arch>(e, channels, [&](int c, std::ptrdiff_t in, std::ptrdiff_t out) {
    detail::max_pool_plane_backward<Arch>(
        e, x + in, dy + out, dx + in,
        detail::scaled<Arch, T>{filled<Arch, T>(scale[c]), filled<Arch, T>(shift[c])});
  });
}

/// Whether the two backward kernels below know this pooling: each pixel lies in exactly one window.
template <class Arch = native>
constexpr bool pools_each_pixel_once(pool_extents e) {
  return detail::patches_tile<Arch>(e);
}

/// dgamma and dbeta as batch_norm_backward_sums has them, from the gradient dy of the pooled
/// planes: only the pixels that were the largest of their window count. All blocks.
template <class Arch = native, class T>
void batch_norm_max_pool_backward_sums(pool_extents e, reading<T> x, reading<T> dy, int blocks,
                                       const T* mean, const T* inverse_deviation, const T* scale,
                                       const T* shift, T* dgamma, T* dbeta, range channels) {
  detail::for_each_plane<Arch>(e, channels, [&](int c, std::ptrdiff_t in, std::ptrdiff_t out) {
    const detail::scaled<Arch, T> view{filled<Arch, T>(scale[c]), filled<Arch, T>(shift[c])};
    const batch<Arch, T> center(mean[c]);
    detail::lane_sums sums;
    for (int b = 0; b < blocks; ++b) {
      detail::with_side(e, [&](auto side) {
        detail::add_pooled_plane<Arch, side>(sums, e, x.block(b) + in, dy.block(b) + out, view,
                                             center);
      });
    }
    detail::sums_to_gradients<Arch>(sums, inverse_deviation[c], dgamma[c], dbeta[c]);
  });
}

/// dx as batch_norm_backward_input has it, from the gradient dy of the pooled planes, and then the
/// gradient of `before`, the activation whose output x is; for a pooling with
/// pools_each_pixel_once. Dead lanes of dx become zero; dx is neither x nor dy.
template <class Arch = native, class T, class Before = identity>
void batch_norm_max_pool_backward_input(pool_extents e, reading<T> x, reading<T> dy, blocked<T> dx,
                                        int images, const T* mean, const T* inverse_deviation,
                                        const T* gamma, const T* dgamma, const T* dbeta,
                                        const T* scale, const T* shift, range blocks,
                                        range channels, Before before = {}) {
  const detail::normalisation_backward<T> of{
      mean,  inverse_deviation,
      gamma, dgamma,
      dbeta, static_cast<T>(images) * static_cast<T>(e.in_height * e.in_width)};
  for (int b = blocks.first; b < blocks.last; ++b) {
    alignas(64) T mask[lanes];
    mark_live_lanes<Arch>(mask, images - b * lanes);
    detail::for_each_plane<Arch>(e, channels, [&](int c, std::ptrdiff_t in, std::ptrdiff_t out) {
      const detail::scaled<Arch, T> view{filled<Arch, T>(scale[c]), filled<Arch, T>(shift[c])};
      const auto gradient = detail::gradient_of_channel<Arch, T>(of, c, mask);
      detail::with_side(e, [&](auto side) {
        detail::unpool_plane<Arch, side>(e, x.block(b) + in, dy.block(b) + out, dx.block(b) + in,
                                         view, gradient, before);
      });
    });
  }
}

}  // namespace lamina::kernels
