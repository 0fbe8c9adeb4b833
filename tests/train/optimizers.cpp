// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/optimizers.hpp>
//
#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

#include "optimizer_vectors.hpp"

namespace {

using namespace lamina;
using lamina::kernels::native;

constexpr int steps = 10;

/// Values without a pattern that a register's width could hide, from -1 to 1.
template <class T>
std::vector<T> numbers(std::size_t n, double phase) {
  std::vector<T> values(n);
  for (std::size_t i = 0; i < n; ++i)
    values[i] = static_cast<T>(std::sin(1 + phase + 1.7 * static_cast<double>(i)));
  return values;
}

template <class T>
struct memory {
  explicit memory(std::size_t n, int states) : arrays(static_cast<std::size_t>(states)) {
    for (auto& each : arrays) each.assign(n, T(0));
  }

  /// The arrays from an element on.
  std::vector<T*> pointers(std::size_t first = 0) {
    std::vector<T*> result;
    for (auto& each : arrays) result.push_back(each.data() + first);
    return result;
  }

  std::vector<std::vector<T>> arrays;
};

template <class T, class Optimizer>
std::vector<T> train(const Optimizer& optimizer, std::size_t n) {
  std::vector<T> weights = numbers<T>(n, 0);
  memory<T> state{n, Optimizer::states};
  for (int step = 1; step <= steps; ++step)
    optimizer.template update<native>(step, weights.data(), numbers<T>(n, step).data(),
                                      state.pointers().data(), static_cast<std::ptrdiff_t>(n));
  return weights;
}

/// Ten steps of one weight: `update(step, weight, gradient, m, v)`.
template <class Update>
std::vector<double> train_naively(std::size_t n, Update update) {
  std::vector<double> weights = numbers<double>(n, 0), m(n), v(n);
  for (int step = 1; step <= steps; ++step) {
    const std::vector<double> gradient = numbers<double>(n, step);
    for (std::size_t i = 0; i < n; ++i) update(step, weights[i], gradient[i], m[i], v[i]);
  }
  return weights;
}

template <class T>
double worst_relative(const std::vector<T>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  double worst = 0;
  for (std::size_t i = 0; i < found.size(); ++i)
    worst = std::max(worst, std::abs(double(found[i]) - expected[i]) / std::abs(expected[i]));
  return worst;
}

template <class Optimizer, class Update>
void check_against(const Optimizer& optimizer, Update update) {
  for (const std::size_t n : {1u, 3u, 16u, 17u, 37u}) {
    const std::vector<double> expected = train_naively(n, update);
    CHECK(worst_relative(train<double>(optimizer, n), expected) < 1e-12);
    CHECK(worst_relative(train<float>(optimizer, n), expected) < 1e-4);
  }
}

}  // namespace

TEST_CASE("sgd is Keras'") {
  check_against(sgd{.learning_rate = 0.1},
                [](int, double& w, double g, double&, double&) { w -= 0.1 * g; });
  check_against(sgd{.learning_rate = 0.1, .momentum = 0.9},
                [](int, double& w, double g, double& m, double&) {
                  m = 0.9 * m - 0.1 * g;
                  w += m;
                });
  check_against(sgd{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true},
                [](int, double& w, double g, double& m, double&) {
                  m = 0.9 * m - 0.1 * g;
                  w += 0.9 * m - 0.1 * g;
                });
}

TEST_CASE("rmsprop has its epsilon inside the root, or beside it") {
  for (const double epsilon : {1e-7, 1e-2}) {
    check_against(rmsprop{.epsilon = epsilon}, [=](int, double& w, double g, double&, double& v) {
      v = 0.9 * v + 0.1 * g * g;
      w -= 1e-3 * g / std::sqrt(v + epsilon);
    });
    check_against(rmsprop{.epsilon = epsilon, .place = epsilon_place::beside_root},
                  [=](int, double& w, double g, double&, double& v) {
                    v = 0.9 * v + 0.1 * g * g;
                    w -= 1e-3 * g / (std::sqrt(v) + epsilon);
                  });
  }
}

TEST_CASE("adam and adamw are Keras', or PyTorch's") {
  for (const double decay : {0.0, 0.1}) {
    const auto keras = [=](int step, double& w, double g, double& m, double& v) {
      w -= w * decay * 1e-3;
      const double alpha = 1e-3 * std::sqrt(1 - std::pow(0.999, step)) / (1 - std::pow(0.9, step));
      m += (g - m) * (1 - 0.9);
      v += (g * g - v) * (1 - 0.999);
      w -= m * alpha / (std::sqrt(v) + 1e-2);
    };
    const auto paper = [=](int step, double& w, double g, double& m, double& v) {
      w *= 1 - 1e-3 * decay;
      m = 0.9 * m + 0.1 * g;
      v = 0.999 * v + 0.001 * g * g;
      const double corrected = m / (1 - std::pow(0.9, step));
      w -= 1e-3 * corrected / (std::sqrt(v / (1 - std::pow(0.999, step))) + 1e-2);
    };
    const auto corrected = adam_epsilon::beside_corrected_root;
    check_against(adamw{.epsilon = 1e-2, .weight_decay = decay}, keras);
    check_against(adamw{.epsilon = 1e-2, .weight_decay = decay, .place = corrected}, paper);
    if (decay == 0) {
      check_against(adam{.epsilon = 1e-2}, keras);
      check_against(adam{.epsilon = 1e-2, .place = corrected}, paper);
    }
  }
}

TEST_CASE_TEMPLATE("the bits do not depend on how an array is cut", T, float, double) {
  const std::size_t n = 101;
  const auto check = [&](const auto& optimizer) {
    const std::vector<T> whole = train<T>(optimizer, n);
    for (const std::size_t piece : {1u, 3u, 7u, 16u, 33u}) {
      std::vector<T> weights = numbers<T>(n, 0);
      memory<T> state{n, optimizer.states};
      for (int step = 1; step <= steps; ++step) {
        const std::vector<T> gradient = numbers<T>(n, step);
        for (std::size_t first = 0; first < n; first += piece)
          optimizer.template update<native>(
              step, weights.data() + first, gradient.data() + first, state.pointers(first).data(),
              static_cast<std::ptrdiff_t>(std::min(piece, n - first)));
      }
      CHECK(std::memcmp(weights.data(), whole.data(), n * sizeof(T)) == 0);
    }
  };
  check(sgd{});
  check(sgd{.momentum = 0.9});
  check(sgd{.momentum = 0.9, .nesterov = true});
  check(rmsprop{});
  check(rmsprop{.place = epsilon_place::beside_root});
  check(adam{});
  check(adamw{});
}

TEST_CASE("a memory that decays ends at zero, not among the denormals") {
  const auto check = [](const auto& optimizer) {
    std::vector<float> weights(9, 1), gradient(9);
    memory<float> state{9, optimizer.states};
    for (auto& each : state.arrays) each.assign(9, -std::numeric_limits<float>::min());
    state.arrays.back().assign(9, std::numeric_limits<float>::min());
    optimizer.template update<native>(1, weights.data(), gradient.data(), state.pointers().data(),
                                      9);
    for (const auto& each : state.arrays) CHECK(each == std::vector<float>(9, 0));
  };
  check(sgd{.momentum = 0.9});
  check(rmsprop{});
  check(adam{});
}

TEST_CASE("an optimizer chosen by name has the bits of its type") {
  const std::size_t n = 21;
  CHECK(train<float>(any_optimizer::named("sgd"), n) == train<float>(sgd{}, n));
  CHECK(train<float>(any_optimizer::named("rmsprop"), n) == train<float>(rmsprop{}, n));
  CHECK(train<float>(any_optimizer::named("adam"), n) == train<float>(adam{}, n));
  CHECK(train<float>(any_optimizer::named("adamw"), n) == train<float>(adamw{}, n));
  for (const std::string_view name : any_optimizer::names)
    CHECK(any_optimizer::named(name).name() == name);
  CHECK(any_optimizer{}.name() == "rmsprop");
  any_optimizer changed = any_optimizer::named("adam");
  changed.set_learning_rate(0.5);
  CHECK(changed.learning_rate() == 0.5);
  CHECK_THROWS_WITH_AS(any_optimizer::named("adamax"),
                       "optimizer: expected sgd, rmsprop, adam or adamw, found 'adamax'", error);
}

TEST_CASE("nothing to update is nothing to do") {
  float* const none[] = {nullptr, nullptr};
  sgd{.momentum = 0.5}.update<native, float>(1, nullptr, nullptr, none, 0);
  float weight = 1;
  const float gradient = 1;
  sgd{.learning_rate = 0.5}.update<native>(1, &weight, &gradient, none, 1);
  CHECK(weight == 0.5f);
}

TEST_CASE("ten steps give PyTorch's weights") {
  const auto check = [](const auto& optimizer, const double* expected) {
    const std::vector<double> torch(expected, expected + vectors::size);
    std::vector<double> weights(vectors::weights, vectors::weights + vectors::size);
    memory<double> state{vectors::size, optimizer.states};
    for (int step = 1; step <= steps; ++step)
      optimizer.template update<native>(step, weights.data(), vectors::gradients[step - 1],
                                        state.pointers().data(), vectors::size);
    CHECK(worst_relative(weights, torch) < 1e-12);
  };
  const auto corrected = adam_epsilon::beside_corrected_root;
  check(sgd{.learning_rate = 0.1}, vectors::sgd);
  check(sgd{.learning_rate = 0.1, .momentum = 0.9}, vectors::sgd_momentum);
  check(sgd{.learning_rate = 0.1, .momentum = 0.9, .nesterov = true}, vectors::sgd_nesterov);
  check(rmsprop{.learning_rate = 0.01, .epsilon = 1e-2, .place = epsilon_place::beside_root},
        vectors::rmsprop);
  check(adam{.learning_rate = 0.01, .epsilon = 1e-2, .place = corrected}, vectors::adam);
  check(adamw{.learning_rate = 0.01, .epsilon = 1e-2, .weight_decay = 0.1, .place = corrected},
        vectors::adamw);
}
