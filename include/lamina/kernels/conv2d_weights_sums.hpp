// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lamina/kernels/simd.hpp"

namespace lamina::kernels::detail {

/// Window columns that are summed together, and how many outputs: those of a tile of the forward
/// product, as long as their sums, the smaller of the two operands and one register of the other
/// leave two registers free. g++ and clang spill with fewer.
template <class Arch, class T, int KW>
struct conv2d_weights_tile {
  static constexpr int free = tile<Arch, T>::vector_registers - 2;
  static constexpr int columns = std::min(KW, free - 2);
  static constexpr bool fits(int outputs) {
    return columns * outputs + std::min(columns, outputs) + 1 <= free;
  }
  static constexpr int most(int outputs) { return fits(outputs) ? outputs : most(outputs - 1); }
  static constexpr int outputs = most(tile<Arch, T>::conv2d_outputs);
  static constexpr int channels = 4;  // whose sums are held in the first cache
};

/// The sums of a few outputs and columns of the window. Registers of a pixel have sums of their own
/// where there is room for them, because one addition waits for the last; single outputs have those
/// of a whole tile, and so the same bits.
template <class Arch, int Outputs, int Columns, int KW, class T>
struct conv2d_weights_sums {
  static constexpr int n = registers<Arch, T>, w = width<Arch, T>, all = Columns * Outputs;
  static constexpr int outputs = Outputs == 1 ? conv2d_weights_tile<Arch, T, KW>::outputs : Outputs;
  static constexpr int apart = std::clamp(tile<Arch, T>::accumulators / (Columns * outputs), 1, n);
  batch<Arch, T> at[apart][all];

  [[gnu::always_inline]] void start(const T* memory) {
    unroll<all>([&](int i) __attribute__((always_inline)) {
      at[0][i] = load<Arch>(memory + i * w);
      unroll<apart - 1>([&](int r) __attribute__((always_inline)) {
        at[r + 1][i] = filled<Arch, T>(T(0));
      });
    });
  }

  /// Pixels that go side by side, where a register holds the lanes of one: they share the columns
  /// that they meet.
  static constexpr int pixels =
      n == 1 && Columns > 1 && Columns <= conv2d_weights_tile<Arch, T, KW>::outputs ? 2 : 1;

  /// Adds dy[output] * x[column] of so many pixels, those columns from First to Last.
  template <int Pixels, int SW, int First = 0, int Last = Columns>
  [[gnu::always_inline]] void add_pixels(const T* dy, std::ptrdiff_t dy_channel, const T* x) {
    constexpr int met = (Pixels - 1) * SW + Last;
    batch<Arch, T> inputs[met];
    unroll<met - First>([&](int i) __attribute__((always_inline)) {
      inputs[First + i] = held(load<Arch>(x + (First + i) * lanes));
    });
    unroll<Pixels * Outputs>([&](int i) __attribute__((always_inline)) {
      const int p = i / Outputs, o = i % Outputs;
      const auto one = held(load<Arch>(dy + o * dy_channel + p * lanes));
      unroll<Last - First>([&](int j) __attribute__((always_inline)) {
        auto& sum = at[0][(First + j) * Outputs + o];
        sum = kernels::fma(one, inputs[p * SW + First + j], sum);
      });
      still_needed(one);
    });
    unroll<met - First>([&](int i)
                            __attribute__((always_inline)) { still_needed(inputs[First + i]); });
    forget_reads<Arch>();
  }

  /// Adds dy[output] * x[column] of one pixel; the smaller side is held in registers.
  [[gnu::always_inline]] void add(const T* dy, std::ptrdiff_t dy_channel, const T* x) {
    constexpr bool hold_inputs = Columns <= Outputs;
    constexpr int fewer = std::min(Columns, Outputs), more = std::max(Columns, Outputs);
    unroll<n>([&](int r) __attribute__((always_inline)) {
      batch<Arch, T> some[fewer];
      unroll<fewer>([&](int i) __attribute__((always_inline)) {
        some[i] = held(load<Arch>((hold_inputs ? x + i * lanes : dy + i * dy_channel) + r * w));
      });
      unroll<more>([&](int j) __attribute__((always_inline)) {
        const auto one =
            held(load<Arch>((hold_inputs ? dy + j * dy_channel : x + j * lanes) + r * w));
        unroll<fewer>([&](int i) __attribute__((always_inline)) {
          auto& sum = at[r % apart][hold_inputs ? i * Outputs + j : j * Outputs + i];
          sum = kernels::fma(some[i], one, sum);
        });
      });
    });
    forget_reads<Arch>();
  }

  [[gnu::always_inline]] void finish(T* memory) {
    unroll<all>([&](int i) __attribute__((always_inline)) {
      unroll<apart - 1>([&](int r) __attribute__((always_inline)) { at[0][i] += at[r + 1][i]; });
      put<Arch>(memory + i * w, at[0][i]);
    });
  }
};

}  // namespace lamina::kernels::detail
