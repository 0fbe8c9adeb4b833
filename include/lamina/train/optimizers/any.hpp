// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "lamina/error.hpp"
#include "lamina/train/optimizers/adam.hpp"
#include "lamina/train/optimizers/adamw.hpp"
#include "lamina/train/optimizers/rmsprop.hpp"
#include "lamina/train/optimizers/sgd.hpp"

namespace lamina {

/// An optimizer chosen at run time, with the bits of the one that it holds.
struct any_optimizer {
  static constexpr int states = 2;
  static constexpr std::array<std::string_view, 4> names{"sgd", "rmsprop", "adam", "adamw"};

  /// The alternatives stand in the order of `names`.
  std::variant<sgd, rmsprop, adam, adamw> chosen = rmsprop{};

  /// The optimizer of that name with its defaults. Throws `error` if there is none.
  static any_optimizer named(std::string_view name) {
    if (name == "sgd") return {sgd{}};
    if (name == "rmsprop") return {rmsprop{}};
    if (name == "adam") return {adam{}};
    if (name == "adamw") return {adamw{}};
    throw error("optimizer: expected sgd, rmsprop, adam or adamw, found '" + std::string(name) +
                "'");
  }

  std::string_view name() const { return names[chosen.index()]; }

  double learning_rate() const {
    return std::visit([](const auto& optimizer) { return optimizer.learning_rate; }, chosen);
  }

  void set_learning_rate(double rate) {
    std::visit([rate](auto& optimizer) { optimizer.learning_rate = rate; }, chosen);
  }

  /// 0 where the optimizer has none, which then stays without.
  double weight_decay() const {
    const auto* decaying = std::get_if<adamw>(&chosen);
    return decaying == nullptr ? 0 : decaying->weight_decay;
  }

  void set_weight_decay(double decay) {
    if (auto* const decaying = std::get_if<adamw>(&chosen)) decaying->weight_decay = decay;
  }

  template <class Arch, class T>
  void update(std::int64_t step, T* weights, const T* gradient, T* const* state,
              std::ptrdiff_t n) const {
    std::visit(
        [=](const auto& optimizer) {
          optimizer.template update<Arch>(step, weights, gradient, state, n);
        },
        chosen);
  }
};

static_assert(an_optimizer<any_optimizer>);

}  // namespace lamina
