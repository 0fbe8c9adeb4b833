// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cmath>
#include <cstddef>
#include <memory>
#include <set>
#include <string>

#include <lamina/bench/rows.hpp>
#include <lamina/execution/buffer.hpp>
#include <lamina/kernels/types.hpp>
#include <lamina/random.hpp>

namespace bench {

using Arch = lamina::kernels::native;
using lamina::bench::effort;
using lamina::kernels::blocked;
using lamina::kernels::lanes;
using buffer = lamina::execution::buffer<float>;

/// Numbers from -1 to 1.
inline buffer numbers(std::ptrdiff_t count, std::uint64_t seed) {
  buffer all(static_cast<std::size_t>(count));
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    const auto bits = lamina::random_bits(seed, 0, static_cast<std::uint64_t>(i));
    all.data()[i] = static_cast<float>(2 * lamina::uniform(bits) - 1);
  }
  return all;
}

/// Blocks of 16 images of so many values, as far apart as a network's plan would lay them.
class activations {
 public:
  activations(int blocks, std::ptrdiff_t size, std::uint64_t seed)
      : stride_((size + (size % 32 == 0)) * lanes), values_(numbers(stride_ * blocks, seed)) {}

  blocked<float> view() { return {values_.data(), stride_}; }
  float* block(int i) { return view().block(i); }
  float at(int image, std::ptrdiff_t value) {
    return block(image / lanes)[value * lanes + image % lanes];
  }

  /// Leaves one value of three as it is, as behind a relu.
  void clear_two_thirds() {
    for (std::size_t i = 0; i < values_.size(); ++i)
      if (lamina::random_bits(9, 0, i) % 3 != 0) values_.data()[i] = 0;
  }

 private:
  std::ptrdiff_t stride_;
  buffer values_;
};

inline bool near(double found, double expected) {
  return std::abs(found - expected) <= 1e-3 * (1 + std::abs(expected));
}

/// Whether no row has this name yet.
inline bool is_new(const std::string& name) {
  static std::set<std::string> known;
  return known.insert(name).second;
}

/// A row of one kernel on one thread. `Subject(arguments...)` has the memory, `run()` is timed and
/// `right()` compares what it computed with a plain loop. Layers of equal extents share a row.
template <class Subject, class... Arguments>
void add_kernel(const std::string& name, const effort& of, Arguments... arguments) {
  if (!is_new(name)) return;
  const auto checked = std::make_shared<bool>(false);
  lamina::bench::add_row(name, 1, [=](benchmark::State& state) {
    Subject subject(arguments...);
    if (!*checked) {
      subject.run();
      if (!subject.right()) {
        lamina::bench::refuse(state, "differs from a plain loop");
        return;
      }
      *checked = true;
    }
    lamina::bench::measure(state, 1, of, [&] { subject.run(); });
  });
}

}  // namespace bench
