// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "lamina/error.hpp"
#include "lamina/text.hpp"
#include "lamina/train/optimizers/adam.hpp"
#include "lamina/train/optimizers/adamw.hpp"
#include "lamina/train/optimizers/rmsprop.hpp"
#include "lamina/train/optimizers/sgd.hpp"

namespace lamina {

/// An optimizer chosen at run time, with the bits of the one that it holds.
class any_optimizer {
 public:
  static constexpr int states = 2;  // at most
  static constexpr std::array<std::string_view, 4> names{"sgd", "rmsprop", "adam", "adamw"};

  /// rmsprop
  any_optimizer() = default;

  /// The optimizer of that name with its defaults. Throws `error` if there is none.
  static any_optimizer named(std::string_view name) {
    any_optimizer found;
    for (found.chosen_ = 0; found.chosen_ < names.size(); ++found.chosen_)
      if (found.name() == name) return found;
    throw error(
        detail::joined("optimizer: expected sgd, rmsprop, adam or adamw, found '", name, "'"));
  }

  std::string_view name() const { return names[chosen_]; }

  /// Of the one that it holds; the others are neither kept in memory nor saved.
  int states_used() const {
    int used = 0;
    visit(*this, [&](const auto& optimizer) { used = optimizer.states; });
    return used;
  }

  double learning_rate() const {
    double rate = 0;
    visit(*this, [&](const auto& optimizer) { rate = optimizer.learning_rate; });
    return rate;
  }

  void set_learning_rate(double rate) {
    visit(*this, [rate](auto& optimizer) { optimizer.learning_rate = rate; });
  }

  /// 0 where the optimizer has none, which then stays without.
  double weight_decay() const { return name() == "adamw" ? adamw_.weight_decay : 0; }
  void set_weight_decay(double decay) { adamw_.weight_decay = decay; }

  template <class Arch, class T>
  void update(std::int64_t step, T* weights, const T* gradient, T* const* state,
              std::ptrdiff_t n) const {
    visit(*this, [=](const auto& optimizer) {
      optimizer.template update<Arch>(step, weights, gradient, state, n);
    });
  }

 private:
  /// Calls use(the chosen one). Not std::variant: every program that trains would have to read it.
  template <class Self, class Use>
  static void visit(Self& self, const Use& use) {
    switch (self.chosen_) {
      case 0:
        return use(self.sgd_);
      case 1:
        return use(self.rmsprop_);
      case 2:
        return use(self.adam_);
      default:
        return use(self.adamw_);
    }
  }

  std::size_t chosen_ = 1;  // of `names`
  sgd sgd_;
  rmsprop rmsprop_;
  adam adam_;
  adamw adamw_;
};

static_assert(an_optimizer<any_optimizer>);

}  // namespace lamina
