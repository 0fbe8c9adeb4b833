// SPDX-License-Identifier: BSL-1.0
// dense and conv2d in their three directions.
#pragma once

#include <algorithm>
#include <string>
#include <vector>

#include "subjects.hpp"

#include <lamina/bench/work.hpp>
#include <lamina/execution/product_kernels.hpp>

namespace bench {

using lamina::execution::packed_for;

template <class Located>
struct terms;

/// Calls visit(output, weight, input) for each multiply-add of an image.
template <class In, class Out, class At, auto Units>
struct terms<lamina::detail::located<At, lamina::layers::dense<Units>, In, Out>> {
  static constexpr bool image = false;
  static std::string name() { return std::to_string(In::size) + "-" + std::to_string(Out::size); }

  template <class Visit>
  static void each(Visit visit) {
    constexpr int inputs = In::size;
    for (int o = 0; o < Out::size; ++o) {
      for (int i = 0; i < inputs; ++i) visit(o, o * inputs + i, i);
    }
  }
};

template <class In, class Out, class At, auto Filters, class... Options>
struct terms<lamina::detail::located<At, lamina::layers::conv2d<Filters, Options...>, In, Out>> {
  using layer = lamina::layers::conv2d<Filters, Options...>;
  static constexpr bool image = true;
  static constexpr auto in = lamina::detail::extents_of(In{});
  static constexpr auto out = lamina::detail::extents_of(Out{});
  static constexpr auto rows = layer::rows(In{});
  static constexpr auto columns = layer::columns(In{});

  static std::string name() {
    return std::to_string(in.channels) + "-" + std::to_string(out.channels) + "," +
           std::to_string(in.height) + "x" + std::to_string(in.width) + "," +
           std::to_string(rows.window) + "x" + std::to_string(columns.window);
  }

  template <class Visit>
  static void each(Visit visit) {
    for (int o = 0; o < out.size(); ++o) {
      const int filter = o / out.pixels();
      for (int k = 0; k < in.channels * rows.window * columns.window; ++k) {
        const int y = o / out.width % out.height * rows.stride + k / columns.window % rows.window -
                      rows.padding();
        const int x = o % out.width * columns.stride + k % columns.window - columns.padding();
        if (y < 0 || y >= in.height || x < 0 || x >= in.width) continue;
        const int c = k / (rows.window * columns.window);
        visit(o, filter * in.channels * rows.window * columns.window + k,
              (c * in.height + y) * in.width + x);
      }
    }
  }
};

/// The memory of a product: activations, gradients, weights.
template <class Located>
struct product {
  using kernels = lamina::execution::product_kernels<Located, float, Arch>;
  using term = terms<Located>;
  static constexpr int in = Located::in::size;
  static constexpr int out = Located::out::size;
  static constexpr int channels = lamina::detail::extents_of(typename Located::out{}).channels;
  static constexpr int in_channels = lamina::detail::extents_of(typename Located::in{}).channels;
  static constexpr std::ptrdiff_t weight_count = kernels::weights_of_an_output * channels;

  explicit product(int count, packed_for what = packed_for::output_and_input_gradient)
      : use(what),
        blocks(count),
        x(count, in, 1),
        y(count, out, 2),
        dx(count, in, 3),
        weights(numbers(weight_count, 4)),
        bias(numbers(channels, 5)),
        dw(numbers(weight_count, 6)),
        db(numbers(channels, 7)),
        fixed(packed_values()) {
    kernels::pack(weights.data(), fixed.data(), use);
  }

  static constexpr std::size_t packed_values() {
    if constexpr (term::image)
      return static_cast<std::size_t>(lamina::detail::packed_values_of<Located>());
    else
      return static_cast<std::size_t>(
          lamina::detail::fixed_values_of<Located>(lamina::fusion_mode::inference));
  }

  const float* packed() const { return kernels::packs(use) ? fixed.data() : nullptr; }

  int last_image() const { return blocks * lanes - 1; }

  packed_for use;
  int blocks;
  activations x, y, dx;
  buffer weights, bias, dw, db, fixed;
};

template <class Located>
struct forward : product<Located> {
  using product<Located>::product;

  void run() {
    forward::kernels::forward(this->weights.data(), this->bias.data(), this->packed(),
                              this->x.view(), this->y.view(), {0, this->blocks},
                              {0, forward::channels}, lamina::kernels::relu{});
  }

  bool right() {
    const int image = this->last_image();
    std::vector<double> expected(forward::out);
    forward::term::each([&](int o, int w, int i) {
      expected[static_cast<std::size_t>(o)] +=
          double{this->weights.data()[w]} * double{this->x.at(image, i)};
    });
    for (int o = 0; o < forward::out; ++o) {
      const double biased = expected[static_cast<std::size_t>(o)] +
                            this->bias.data()[o / (forward::out / forward::channels)];
      if (!near(this->y.at(image, o), std::max(biased, 0.0))) return false;
    }
    return true;
  }
};

template <class Located>
struct input_gradient : product<Located> {
  using product<Located>::product;

  void run() {
    input_gradient::kernels::backward_input(this->weights.data(), this->fixed.data(),
                                            this->y.view(), this->dx.view(), {0, this->blocks},
                                            {0, input_gradient::in_channels});
  }

  bool right() {
    const int image = this->last_image();
    std::vector<double> expected(input_gradient::in);
    input_gradient::term::each([&](int o, int w, int i) {
      expected[static_cast<std::size_t>(i)] +=
          double{this->weights.data()[w]} * double{this->y.at(image, o)};
    });
    for (int i = 0; i < input_gradient::in; ++i) {
      if (!near(this->dx.at(image, i), expected[static_cast<std::size_t>(i)])) return false;
    }
    return true;
  }
};

template <class Located>
struct weight_gradient : product<Located> {
  using base = product<Located>;
  using kernels = typename base::kernels;

  static constexpr std::ptrdiff_t row = [] {
    if constexpr (kernels::transposes) return lamina::detail::transposed_values(base::in);
    return std::ptrdiff_t{base::in};
  }();

  explicit weight_gradient(int count) : base(count), turned(count, row, 8) {
    for (int b = 0; kernels::transposes && b < count; ++b) {
      lamina::kernels::transpose_block<Arch>(base::in, static_cast<const float*>(this->x.block(b)),
                                             turned.block(b));
    }
  }

  void run() {
    kernels::backward_weights(this->y.view(), kernels::transposes ? turned.view() : this->x.view(),
                              this->blocks, this->dw.data(), this->db.data(), {0, base::channels});
  }

  /// The last output's weights.
  bool right() {
    constexpr std::ptrdiff_t first = kernels::weights_of_an_output * (base::channels - 1);
    std::vector<double> expected(static_cast<std::size_t>(kernels::weights_of_an_output));
    base::term::each([&](int o, int w, int i) {
      if (w < first) return;
      for (int image = 0; image <= this->last_image(); ++image) {
        expected[static_cast<std::size_t>(w - first)] +=
            double{this->y.at(image, o)} * double{this->x.at(image, i)};
      }
    });
    for (std::ptrdiff_t w = first; w < base::weight_count; ++w) {
      if (!near(this->dw.data()[w], expected[static_cast<std::size_t>(w - first)])) return false;
    }
    return true;
  }

  activations turned;
};

/// The same where two thirds of what goes in are zero: the images or, backward, the gradients.
template <class Subject, auto GoesIn>
struct with_zeros : Subject {
  explicit with_zeros(int count) : Subject(count) { (this->*GoesIn).clear_two_thirds(); }
};

/// By weights that are turned round for inference.
template <class Located>
struct forward_turned : forward<Located> {
  explicit forward_turned(int count) : forward<Located>(count, packed_for::inference) {}
};

/// A product of so many blocks, in one direction.
template <class Located>
effort effort_of(int blocks) {
  constexpr auto work = lamina::bench::forward_work<Located>();
  const int images = blocks * lanes;
  return {.operations = 2 * work.nominal * images,
          .executed = 2 * work.executed * images,
          .bytes = 0,
          .images = static_cast<double>(images)};
}

/// Whether the weights are turned round for images whose values are mostly zero.
template <class Located>
constexpr bool turns() {
  if constexpr (terms<Located>::image)
    return false;
  else
    return product<Located>::kernels::turns;
}

template <class Located>
void add_products_with_zeros(const std::string& where, effort of, int blocks, bool learns_before) {
  using all = product<Located>;
  of.executed /= 3;
  const std::string name = where + "/zeros:67%";
  add_kernel<with_zeros<forward<Located>, &all::x>>("dense_forward" + name, of, blocks);
  if constexpr (turns<Located>()) {
    add_kernel<with_zeros<forward_turned<Located>, &all::x>>("dense_forward" + name + "/turned", of,
                                                             blocks);
  }
  if (learns_before) {
    add_kernel<with_zeros<input_gradient<Located>, &all::y>>("dense_backward_input" + name, of,
                                                             blocks);
  }
  add_kernel<with_zeros<weight_gradient<Located>, &all::y>>("dense_backward_weights" + name, of,
                                                            blocks);
}

/// The rows of a product; `learns_before` is false for the first of a network, whose input has no
/// gradient.
template <class Located>
void add_products(bool learns_before) {
  const std::string kind = terms<Located>::image ? "conv2d" : "dense";
  const std::vector<int> counts =
      terms<Located>::image ? std::vector<int>{2} : std::vector<int>{1, 2, 8, 64};
  for (const int blocks : counts) {
    const effort of = effort_of<Located>(blocks);
    const std::string where =
        "/" + terms<Located>::name() + "/images:" + std::to_string(blocks * lanes);
    add_kernel<forward<Located>>(kind + "_forward" + where, of, blocks);
    if (learns_before) {
      add_kernel<input_gradient<Located>>(kind + "_backward_input" + where, of, blocks);
    }
    add_kernel<weight_gradient<Located>>(kind + "_backward_weights" + where, of, blocks);
    if constexpr (!terms<Located>::image)
      add_products_with_zeros<Located>(where, of, blocks, learns_before);
  }
}

}  // namespace bench
