// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include <lamina/network.hpp>

namespace lamina::bench {

/// Multiply-adds of one image in a layer or a step. `nominal` counts the taps that fall on padding,
/// as everybody does; `executed` leaves them out, as our kernels do, and counts the products of a
/// convolution by Winograd's algorithm.
struct multiply_adds {
  double nominal = 0;
  double executed = 0;

  constexpr multiply_adds& operator+=(multiply_adds more) {
    nominal += more.nominal;
    executed += more.executed;
    return *this;
  }
  friend constexpr multiply_adds operator*(double times, multiply_adds of) {
    return {times * of.nominal, times * of.executed};
  }
};

/// What a layer costs: forward, towards its weights and towards its input.
struct layer_work {
  multiply_adds forward, weights, input;

  constexpr multiply_adds backward() const {
    multiply_adds sum = weights;
    sum += input;
    return sum;
  }
};

/// The forward pass of the layer at a place of a network, or a gradient that takes as much.
template <class Located>
constexpr multiply_adds forward_work(bool by_winograd = lamina::detail::takes_winograd<Located>()) {
  using Layer = typename Located::layer;
  using In = typename Located::in;
  constexpr auto nominal = static_cast<double>(lamina::detail::multiply_adds_of<Located>());
  if constexpr (requires { Layer::rows(In{}); } && nominal != 0) {
    constexpr auto rows = Layer::rows(In{});
    constexpr auto columns = Layer::columns(In{});
    constexpr auto nominal_taps =
        static_cast<double>(rows.outputs() * rows.window) * (columns.outputs() * columns.window);
    const auto taps = static_cast<double>(
        by_winograd ? lamina::detail::winograd_products(rows, columns, 1, 1)
                    : lamina::detail::taps_on_image(rows) * lamina::detail::taps_on_image(columns));
    return {nominal, taps / nominal_taps * nominal};
  } else {
    return {nominal, nominal};
  }
}

template <class... Located>
constexpr std::array<layer_work, sizeof...(Located)> work_of(lamina::detail::list<Located...>) {
  bool learns_before = false;
  const auto one = [&]<class At>(At) {
    layer_work work{.forward = forward_work<At>(), .weights = {}, .input = {}};
    if (learns_before) work.input = work.forward;
    if (lamina::detail::parameters_of<At>().size() != 0) {
      work.weights = forward_work<At>(lamina::detail::takes_winograd_for_weights<At>());
      learns_before = true;
    }
    return work;
  };
  return {one(Located{})...};
}

/// The work of each layer, blocks replaced by their layers. The gradient of an input is wanted only
/// where something before the layer learns.
template <a_network Net>
inline constexpr auto layer_works = work_of(typename Net::located_layers{});

/// One image forward, and in a training step: about three times as much.
template <a_network Net>
constexpr multiply_adds inference_work() {
  multiply_adds sum;
  for (const layer_work& layer : layer_works<Net>) sum += layer.forward;
  return sum;
}
template <a_network Net>
constexpr multiply_adds training_work() {
  multiply_adds sum = inference_work<Net>();
  for (const layer_work& layer : layer_works<Net>) sum += layer.backward();
  return sum;
}

}  // namespace lamina::bench
