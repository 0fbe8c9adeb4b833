// SPDX-License-Identifier: BSL-1.0
// The fused multiply-add peak for each width of a vector that this processor has.
#include <lamina/bench/rows.hpp>

#include <string>

namespace {

template <class T, int Bytes>
using vector [[gnu::vector_size(Bytes)]] = T;

template <class T>
[[gnu::always_inline]] inline void keep(T& value) {
#if defined(__x86_64__)
  asm volatile("" : "+v"(value));
#elif defined(__aarch64__)
  asm volatile("" : "+w"(value));
#endif
}

/// Twelve independent chains; the compiler fuses the multiplication with the addition.
template <class T, int Bytes>
void multiply_and_add(std::int64_t rounds) {
  using lanes = vector<T, Bytes>;
  lanes factor = lanes{} + T(0.999);
  lanes addend = lanes{} + T(0.001);
  keep(factor);
  keep(addend);
  lanes sums[12];
  lamina::kernels::unroll<12>([&](auto i) __attribute__((always_inline)) {
    sums[i] = lanes{} + static_cast<T>(i);
  });
  for (std::int64_t round = 0; round < rounds; ++round) {
    lamina::kernels::unroll<12>([&](auto i) __attribute__((always_inline)) {
      sums[i] = sums[i] * factor + addend;
      keep(sums[i]);
    });
  }
  lamina::kernels::unroll<12>([&](auto i) __attribute__((always_inline)) { keep(sums[i]); });
}

template <class T, int Bytes>
void add_peak(const char* type, int threads) {
  constexpr std::int64_t rounds = 100'000;
  const double operations = 2.0 * 12 * Bytes / sizeof(T) * rounds * threads;
  const std::string name = std::string("fma/") + type + "/bits:" + std::to_string(8 * Bytes) +
                           "/threads:" + std::to_string(threads);
  lamina::bench::add_row(name, threads, [=](benchmark::State& state) {
    lamina::bench::measure(
        state, threads, {.operations = operations, .executed = operations, .bytes = 0, .images = 0},
        [=] { lamina::bench::on_each(threads, [](int) { multiply_and_add<T, Bytes>(rounds); }); });
  });
}

bool add_peaks() {
  for (const int threads : lamina::bench::thread_counts()) {
    add_peak<float, 16>("float", threads);
    add_peak<double, 16>("double", threads);
#if defined(__AVX__)
    add_peak<float, 32>("float", threads);
    add_peak<double, 32>("double", threads);
#endif
#if defined(__AVX512F__)
    add_peak<float, 64>("float", threads);
    add_peak<double, 64>("double", threads);
#endif
  }
  return true;
}

const bool added = add_peaks();

}  // namespace
