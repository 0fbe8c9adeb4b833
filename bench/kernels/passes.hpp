// SPDX-License-Identifier: BSL-1.0
// What passes over memory: activations, normalisation, dropout and softmax. Bytes are those that
// are read or written once, whatever the kernel does.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>

#include "subjects.hpp"

#include <lamina/kernels/activation.hpp>
#include <lamina/kernels/batch_norm.hpp>
#include <lamina/kernels/dropout.hpp>
#include <lamina/kernels/softmax.hpp>

namespace bench {

namespace kernels = lamina::kernels;

/// Two blocks of what comes in and goes out of a pass, and their gradients.
struct pass_memory {
  static constexpr int blocks = 2;
  static constexpr int images = blocks * lanes;

  pass_memory(int in, int out, int channels)
      : x(blocks, in, 1),
        y(blocks, out, 2),
        dy(blocks, out, 3),
        dx(blocks, in, 4),
        scale(numbers(channels, 5)),
        shift(numbers(channels, 6)),
        sums(numbers(channels, 7)),
        squares(numbers(channels, 8)) {}

  activations x, y, dy, dx;
  buffer scale, shift, sums, squares;  // (channel)
};

template <class Run, class Right>
struct pass {
  pass(int in, int out, int channels, Run what, Right comparison)
      : memory(in, out, channels), kernel(what), compare(comparison) {}
  void run() { kernel(memory); }
  bool right() { return compare(memory); }

  pass_memory memory;
  Run kernel;
  Right compare;
};

struct pass_extents {
  int in, out, channels;
  double bytes;  // of an image
};

template <class Run, class Right>
void add_pass(const std::string& name, const pass_extents& e, Run run, Right right) {
  const effort of{.operations = 0,
                  .executed = 0,
                  .bytes = e.bytes * pass_memory::images,
                  .images = pass_memory::images};
  add_kernel<pass<Run, Right>>(name, of, e.in, e.out, e.channels, run, right);
}

/// A comparison of all `count` values of the last image: expected(memory, image, value) with what
/// `found` points to.
template <class Expected>
auto values(activations pass_memory::*found, int count, Expected expected) {
  return [=](pass_memory& m) {
    const int image = pass_memory::images - 1;
    for (int i = 0; i < count; ++i) {
      if (!near((m.*found).at(image, i), expected(m, image, i))) return false;
    }
    return true;
  };
}

inline void add_relu(const std::string& shape, int n) {
  const std::ptrdiff_t count = std::ptrdiff_t{n} * lanes;
  add_pass(
      "relu_forward/" + shape, {n, n, 1, 8.0 * n},
      [=](pass_memory& m) {
        for (int b = 0; b < m.blocks; ++b) {
          kernels::activation_forward<Arch>(static_cast<const float*>(m.x.block(b)), m.y.block(b),
                                            count, kernels::relu{});
        }
      },
      values(&pass_memory::y, n,
             [](pass_memory& m, int image, int i) { return std::max(m.x.at(image, i), 0.0F); }));
  add_pass(
      "relu_backward/" + shape, {n, n, 1, 12.0 * n},
      [=](pass_memory& m) {
        for (int b = 0; b < m.blocks; ++b) {
          kernels::activation_backward<Arch>(static_cast<const float*>(m.y.block(b)),
                                             static_cast<const float*>(m.dy.block(b)),
                                             m.dx.block(b), count, kernels::relu{});
        }
      },
      values(&pass_memory::dx, n, [](pass_memory& m, int image, int i) {
        return m.y.at(image, i) > 0 ? m.dy.at(image, i) : 0.0F;
      }));
}

inline void add_dropout(const std::string& shape, int n) {
  add_pass(
      "dropout/" + shape, {n, n, 1, 8.0 * n},
      [=](pass_memory& m) {
        std::array<std::uint32_t, lanes> keys{};
        for (std::size_t l = 0; l < keys.size(); ++l) keys[l] = static_cast<std::uint32_t>(l);
        for (int b = 0; b < m.blocks; ++b) {
          kernels::dropout<Arch>(kernels::dropout_mask{0.2, keys.data()}, 0, n,
                                 static_cast<const float*>(m.x.block(b)), m.y.block(b));
        }
      },
      [=](pass_memory& m) {
        int kept = 0;
        for (int i = 0; i < n; ++i) {
          const float y = m.y.at(0, i);
          if (y != 0 && !near(y, m.x.at(0, i) / 0.8)) return false;
          kept += y != 0;
        }
        return std::abs(kept - 0.8 * n) < 0.1 * n;
      });
}

inline void add_softmax(const std::string& shape, int n) {
  using labels = std::array<int, pass_memory::images>;
  add_pass(
      "softmax_forward/" + shape, {n, n, 1, 8.0 * n},
      [=](pass_memory& m) {
        for (int b = 0; b < m.blocks; ++b) {
          kernels::softmax_forward<Arch>(n, static_cast<const float*>(m.x.block(b)), m.y.block(b));
        }
      },
      values(&pass_memory::y, n, [=](pass_memory& m, int image, int i) {
        double sum = 0;
        for (int k = 0; k < n; ++k) sum += std::exp(double{m.x.at(image, k)});
        return std::exp(double{m.x.at(image, i)}) / sum;
      }));
  add_pass(
      "softmax_cross_entropy/" + shape, {n, n, pass_memory::images, 12.0 * n},
      [=, of = labels{}](pass_memory& m) {
        for (int b = 0; b < m.blocks; ++b) {
          kernels::softmax_cross_entropy<Arch>(
              n, static_cast<const float*>(m.x.block(b)), of.data() + b * lanes, lanes, 0.0, 1.0F,
              m.y.block(b), m.dx.block(b), m.sums.data() + b * lanes);
        }
      },
      values(&pass_memory::dx, n,
             [=](pass_memory& m, int image, int i) { return m.y.at(image, i) - (i == 0); }));
}

inline void add_batch_norm(const std::string& shape, int channels, int pixels) {
  const kernels::plane_extents e{channels, pixels};
  const int n = channels * pixels;
  const kernels::range all{0, channels};
  const pass_extents once{n, n, channels, 4.0 * n};
  const auto sum = [=](pass_memory& m, auto value) {  // over the last channel of all images
    double total = 0;
    for (int image = 0; image < m.images; ++image) {
      for (int i = n - pixels; i < n; ++i) total += value(image, i);
    }
    return total;
  };
  add_pass(
      "batch_norm_statistics/" + shape, once,
      [=](pass_memory& m) {
        kernels::batch_norm_statistics<Arch>(e, m.x.view(), m.images, m.sums.data(),
                                             m.squares.data(), all);
      },
      [=](pass_memory& m) {
        const double count = m.images * pixels;
        const double mean = sum(m, [&](int b, int i) { return m.x.at(b, i); }) / count;
        const double square =
            sum(m, [&](int b, int i) { return (m.x.at(b, i) - mean) * (m.x.at(b, i) - mean); });
        return near(m.sums.data()[channels - 1], mean) &&
               near(m.squares.data()[channels - 1], square / count);
      });
  add_pass(
      "scale_shift/" + shape, {n, n, channels, 8.0 * n},
      [=](pass_memory& m) {
        for (int b = 0; b < m.blocks; ++b) {
          kernels::scale_shift<Arch>(e, static_cast<const float*>(m.x.block(b)), m.y.block(b),
                                     static_cast<const float*>(m.scale.data()),
                                     static_cast<const float*>(m.shift.data()), all);
        }
      },
      values(&pass_memory::y, n, [=](pass_memory& m, int image, int i) {
        return m.x.at(image, i) * m.scale.data()[i / pixels] + m.shift.data()[i / pixels];
      }));
  add_pass(
      "batch_norm_backward_sums/" + shape, {n, n, channels, 8.0 * n},
      [=](pass_memory& m) {
        kernels::batch_norm_backward_sums<Arch>(
            e, m.x.view(), m.dy.view(), m.blocks, static_cast<const float*>(m.shift.data()),
            static_cast<const float*>(m.scale.data()), m.squares.data(), m.sums.data(), all);
      },
      [=](pass_memory& m) {
        return near(m.sums.data()[channels - 1],
                    sum(m, [&](int b, int i) { return m.dy.at(b, i); }));
      });
  add_pass(
      "batch_norm_backward_input/" + shape, {n, n, channels, 12.0 * n},
      [=](pass_memory& m) {
        kernels::batch_norm_backward_input<Arch>(
            e, m.x.view(), m.dy.view(), m.dx.view(), m.images,
            static_cast<const float*>(m.shift.data()), static_cast<const float*>(m.scale.data()),
            static_cast<const float*>(m.scale.data()), static_cast<const float*>(m.squares.data()),
            static_cast<const float*>(m.sums.data()), {0, m.blocks}, all);
      },
      values(&pass_memory::dx, n, [=](pass_memory& m, int image, int i) {
        const int c = i / pixels;
        const double count = m.images * pixels;
        const double inverse = m.scale.data()[c];
        const double x = (m.x.at(image, i) - m.shift.data()[c]) * inverse;
        return inverse * inverse *
               (m.dy.at(image, i) - m.sums.data()[c] / count - x * m.squares.data()[c] / count);
      }));
}

}  // namespace bench
