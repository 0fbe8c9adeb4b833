// SPDX-License-Identifier: BSL-1.0
// dense and conv2d forward for one image, with inputs or pixels in the lanes.
#pragma once

#include <algorithm>
#include <vector>

#include "products.hpp"

#include <lamina/kernels/one_image_conv2d.hpp>
#include <lamina/kernels/one_image_dense.hpp>

namespace bench {

template <class Located>
struct one_image {
  using of = product<Located>;
  using layout = lamina::kernels::image_layout;

  /// Zeros around the pixels: as far as windows reach.
  static constexpr int reach_of(lamina::detail::sampling s) {
    const int after = (s.outputs() - 1) * s.stride + s.window - s.extent - s.padding();
    return std::max(s.padding(), after);
  }

  template <class Shape>
  static constexpr layout layout_of(Shape) {
    if constexpr (terms<Located>::image) {
      constexpr auto e = lamina::detail::extents_of(Shape{});
      return lamina::kernels::layout_of_image(
          e.channels, e.height, e.width,
          std::max(reach_of(terms<Located>::rows), reach_of(terms<Located>::columns)));
    } else {
      return {1, 1, Shape::size, Shape::size, 0, (Shape::size + 15) / 16 * 16};
    }
  }
  static constexpr layout in = layout_of(typename Located::in{});
  static constexpr layout out = layout_of(typename Located::out{});

  static constexpr std::size_t scratch_size() {
    if constexpr (terms<Located>::image) {
      return lamina::kernels::conv2d_one_image_scratch<Arch, float>(
          of::kernels::extents, terms<Located>::rows.stride, in.pitch);
    } else {
      return 16;
    }
  }

  /// Where value number i of an image lies.
  static std::ptrdiff_t place(const layout& in_what, int i) {
    const int pixels = in_what.height * in_what.width;
    return in_what.at(i / pixels, i % pixels / in_what.width) + i % in_what.width;
  }

  explicit one_image(bool with_zeros = false)
      : memory(1, with_zeros ? packed_for::inference : packed_for::output_and_input_gradient),
        values(numbers(of::in, 9)),
        x(static_cast<std::size_t>(in.size())),
        y(static_cast<std::size_t>(out.size())),
        scratch(scratch_size()) {
    if (with_zeros)
      for (int i = 0; i < of::in; ++i) values.data()[i] *= i % 3 == 0 ? 1.0f : 0.0f;
    for (int i = 0; i < of::in; ++i) x.data()[place(in, i)] = values.data()[i];
  }

  void run() {
    const lamina::kernels::product_end<float, lamina::kernels::relu> end{
        memory.bias.data(), nullptr, nullptr, {}};
    const float* from = x.data();
    if constexpr (terms<Located>::image) {
      const float* packed = memory.fixed.data();
      lamina::kernels::conv2d_one_image<Arch>(
          typename of::kernels::window{}, of::kernels::extents, packed, end, in, from,
          lamina::kernels::pool_extents{}, out, y.data(), scratch.data(),
          {0, of::kernels::extents.out_channels});
    } else {
      const lamina::kernels::dense_matrix<float> weights{memory.weights.data(), memory.packed()};
      lamina::kernels::dense_one_image<Arch>(of::kernels::extents, weights, end, from, y.data(), 1,
                                             0, {0, of::kernels::extents.out});
    }
  }

  bool right() {
    std::vector<double> expected(of::out);
    terms<Located>::each([&](int o, int w, int i) {
      expected[static_cast<std::size_t>(o)] +=
          double{memory.weights.data()[w]} * double{values.data()[i]};
    });
    for (int o = 0; o < of::out; ++o) {
      const double biased =
          expected[static_cast<std::size_t>(o)] + memory.bias.data()[o / (of::out / of::channels)];
      if (!near(y.data()[place(out, o)], std::max(biased, 0.0))) return false;
    }
    return true;
  }

  of memory;
  buffer values, x, y, scratch;
};

/// Bytes are those of the weights: what one image of a dense layer is bound by.
template <class Located>
void add_one_image() {
  constexpr auto work = lamina::bench::forward_work<Located>();
  const std::string name =
      (terms<Located>::image ? "conv2d_one_image/" : "dense_one_image/") + terms<Located>::name();
  effort of{.operations = 2 * work.nominal,
            .executed = 2 * work.executed,
            .bytes = 4.0 * static_cast<double>(product<Located>::weight_count),
            .images = 1};
  add_kernel<one_image<Located>>(name, of);
  if constexpr (turns<Located>()) {
    of.executed /= 3;
    of.bytes /= 3;
    add_kernel<one_image<Located>>(name + "/zeros:67%", of, true);
  }
}

}  // namespace bench
