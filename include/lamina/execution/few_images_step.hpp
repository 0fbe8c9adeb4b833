// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>

#include <lamina/execution/activations.hpp>
#include <lamina/execution/frame.hpp>
#include <lamina/execution/normalisation.hpp>
#include <lamina/execution/parallel.hpp>
#include <lamina/execution/pooling.hpp>
#include <lamina/execution/product_kernels.hpp>
#include <lamina/kernels/one_image_conv2d.hpp>
#include <lamina/kernels/one_image_dense.hpp>

namespace lamina::execution {

/// Zeros around the pixels of every image: what the widest padding of the network needs.
template <class Blueprint, int Layer = 0>
constexpr int widest_padding() {
  if constexpr (Layer == static_cast<int>(Blueprint::layer_count)) {
    return 0;
  } else {
    using located = typename detail::located_at<typename Blueprint::located, Layer>::type;
    int reach = 0;
    if constexpr (detail::kind_of<typename located::layer>() == layer_kind::product &&
                  located::in::rank == 3) {
      constexpr auto reach_of = [](detail::sampling s) {
        const int after = (s.outputs() - 1) * s.stride + s.window - s.extent - s.padding();
        return std::max(s.padding(), after);
      };
      reach = std::max(reach_of(located::layer::rows(typename located::in{})),
                       reach_of(located::layer::columns(typename located::in{})));
    }
    return std::max(reach, widest_padding<Blueprint, Layer + 1>());
  }
}

/// What a step of a prediction for a few images does, image by image.
template <class Blueprint, int Index, class T, class Arch>
struct few_images_step : step_place<Blueprint, Index, T> {
  using place = step_place<Blueprint, Index, T>;
  static constexpr layer_kind kind = place::operation.kind;
  static constexpr int halo = widest_padding<Blueprint>();

  template <class Shape>
  static constexpr kernels::image_layout layout_of(Shape) {
    if constexpr (Shape::rank == 1) {
      return {1, 1, Shape::size, Shape::size, 0, (Shape::size + 15) / 16 * 16};
    } else {
      constexpr detail::extents e = detail::extents_of(Shape{});
      return kernels::layout_of_image(e.channels, e.height, e.width, halo);
    }
  }
  using in_shape = typename place::template located<0>::in;
  using out_shape = typename place::template located<place::members - 1>::out;
  static constexpr kernels::image_layout in = layout_of(in_shape{});
  static constexpr kernels::image_layout out = layout_of(out_shape{});

  /// A fork moves nothing: its output is its input.
  static constexpr std::ptrdiff_t output_size = kind == layer_kind::fork ? 0 : out.size();

  /// Of each thread.
  static constexpr std::size_t scratch_size() {
    if constexpr (kind == layer_kind::product && in_shape::rank == 3) {
      using layer = typename place::template layer<0>;
      return kernels::conv2d_one_image_scratch<Arch, T>(
          product_kernels<typename place::template located<0>, T, Arch>::extents,
          layer::stride::height, in.pitch);
    } else {
      return 0;
    }
  }

  /// The outputs of a product in pieces: of a convolution, a few microseconds each; of a dense
  /// layer, a quarter of a megabyte of weights or more, and a power of two of them, for then each
  /// thread takes the same ones again, whose weights may still be in its cache.
  static constexpr split slices() {
    using product = product_kernels<typename place::template located<0>, T, Arch>;
    if constexpr (in_shape::rank == 1) {
      constexpr auto values = static_cast<std::size_t>(place::in.size() * product::extents.out);
      return {product::extents.out, 8,
              static_cast<int>(std::bit_floor(values * sizeof(T) >> 18 | 1))};
    } else {
      return split::by_work(product::out.channels, product::tile, product::work / lanes, 500'000);
    }
  }

  /// `x`, `y` and for a join `other`: the images, `stride` elements apart.
  static void run(const frame<T>& batch, const T* x, const T* other, T* y, std::ptrdiff_t stride,
                  T* scratch) {
    using enum layer_kind;
    if constexpr (kind == product) {
      multiply(batch, x, y, stride, scratch);
    } else {
      for (int i = 0; i < batch.images; ++i, x += stride, y += stride, other += stride) {
        pass(batch, x, other, y);
      }
    }
  }

  static void pass(const frame<T>& batch, const T* x, [[maybe_unused]] const T* other, T* y) {
    using enum layer_kind;
    if constexpr (kind == flatten) {
      kernels::gather_pixels<Arch>(in, x, y);
    } else if constexpr (kind == softmax) {
      kernels::softmax_one_image<Arch>(place::in.size(), x, y);
    } else if constexpr (kind == activation) {
      activate(activation_of(typename place::template layer<0>{}), x, y);
    } else if constexpr (kind == max_pool || kind == average_pool) {
      // a global pool leaves one value a channel, side by side
      constexpr kernels::image_layout to =
          out_shape::rank == 1 ? kernels::image_layout{place::out.size(), 1, 1, 1, 0, 1} : out;
      kernels::pool_one_image<Arch, kind == max_pool>(
          pool_extents_of<typename place::template located<0>>(), in, x, to, y);
    } else if constexpr (kind == normalisation) {
      normalise(batch, x, y);
    } else if constexpr (kind == join) {
      for (std::ptrdiff_t k = 0; k < in.channels * in.plane; ++k) y[k] = x[k] + other[k];
    } else {
      static_assert(kind == fork);
    }
  }

  template <class Function>
  static void activate(Function function, const T* x, T* y) {
    kernels::map_one_image<Arch>(out, x, y, [&](int) { return function; });
  }

  static void normalise(const frame<T>& batch, const T* x, T* y) {
    const auto held = statistics<0>(batch);
    if constexpr (in_shape::rank == 1) {
      for (int i = 0; i < place::in.size(); ++i) y[i] = held.scale[i] * x[i] + held.shift[i];
    } else {
      kernels::map_one_image<Arch>(out, x, y, [&](int channel) {
        return kernels::scale_and_shift<Arch, T>{held.scale[channel], held.shift[channel]};
      });
    }
  }

  template <int Member>
  static normalisation_statistics<T> statistics(const frame<T>& batch) {
    if constexpr (place::template is<Member>(layer_kind::normalisation)) {
      return normalisation_statistics<T>::at(
          place::template fixed<Member>(batch),
          detail::extents_of(typename place::template located<Member>::in{}).channels);
    } else {
      return {};
    }
  }

  /// The product with what may follow at once: activation, normalisation, max_pool.
  static void multiply(const frame<T>& batch, const T* x, T* y, std::ptrdiff_t stride,
                       [[maybe_unused]] T* scratch) {
    using enum layer_kind;
    constexpr int norm = place::template is<1>(activation) ? 2 : 1;
    constexpr bool normalises_first =
        place::template is<1>(normalisation) && place::template is<2>(activation);
    const auto held = statistics<norm>(batch);
    const auto function = activation_behind<place>();
    const kernels::product_end<T, decltype(function)> end{place::template parameter<0, 1>(batch),
                                                          held.scale, held.shift, function};
    if constexpr (in_shape::rank == 1) {
      using product = product_kernels<typename place::template located<0>, T, Arch>;
      constexpr packed_for use = use_of_packed(Blueprint::mode, place::wants_input_gradient);
      const auto weights =
          product::matrix_of(place::template parameter<0, 0>(batch),
                             product::packs(use) ? place::template fixed<0>(batch) : nullptr);
      // no sum depends on the slices: one for each thread, which reads on without a break
      const split of = slices().at_most(concurrency());
      run_pieces(of.parts, [&](int part) {
        kernels::dense_one_image<Arch>(product::extents, weights, end, x, y, batch.images, stride,
                                       {of.begin(part), of.end(part)});
      });
    } else {
      convolve(batch, end, x, y, stride, scratch);
    }
    if constexpr (normalises_first) {
      for (int i = 0; i < batch.images; ++i) {
        T* const image = y + i * stride;
        activate(activation_of(typename place::template layer<2>{}), static_cast<const T*>(image),
                 image);
      }
    }
  }

  template <class End>
  static void convolve(const frame<T>& batch, const End& end, const T* x, T* y,
                       std::ptrdiff_t stride, T* scratch) {
    using product = product_kernels<typename place::template located<0>, T, Arch>;
    constexpr auto pool = [] {
      if constexpr (place::ends_in_a_pool) {
        return pool_extents_of<typename place::template located<place::members - 1>>();
      } else {
        return kernels::pool_extents{};
      }
    }();
    run_pieces(slices().parts, [&](int part) {
      T* const mine =
          scratch + static_cast<std::ptrdiff_t>(scratch_size()) * slot_of_thread(slices().parts);
      for (int i = 0; i < batch.images; ++i) {
        kernels::conv2d_one_image<Arch>(typename product::window{}, product::extents,
                                        static_cast<const T*>(place::template fixed<0>(batch)), end,
                                        in, x + i * stride, pool, out, y + i * stride, mine,
                                        {slices().begin(part), slices().end(part)});
      }
    });
  }
};

}  // namespace lamina::execution
