// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cmath>
#include <type_traits>
#include <utility>

#include "lamina/kernels/types.hpp"

// g++ 12 takes its own _mm512_undefined_ps() for a mistake (bug 105593).
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wuninitialized"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
#include <xsimd/xsimd.hpp>
#pragma GCC diagnostic pop

namespace lamina::kernels {

/// The best instruction set that the compiler may use. Every kernel has it as a template parameter,
/// so that two files compiled for different processors never share a function.
using native = xsimd::default_arch;

template <class Arch, class T>
using batch = xsimd::batch<T, Arch>;

/// Whether there are 32 registers of 64 bytes.
template <class Arch>
inline constexpr bool has_avx512 = std::is_base_of_v<xsimd::avx512f, Arch>;

/// Elements of a register.
template <class Arch, class T>
inline constexpr int width = static_cast<int>(batch<Arch, T>::size);

/// Registers that hold the 16 lanes of a block.
template <class Arch, class T>
inline constexpr int registers = lanes / width<Arch, T>;

/// Bytes of a core's second cache that are counted on: processors with AVX-512 have at least so
/// many.
template <class Arch>
inline constexpr int second_cache = has_avx512<Arch> ? 1 << 20 : 1 << 19;

/// How many accumulators a kernel keeps, from the number of vector registers.
template <class Arch, class T>
struct tile {
  static constexpr int vector_registers =
      has_avx512<Arch> || std::is_base_of_v<xsimd::neon64, Arch> ? 32 : 16;
  static constexpr int accumulators = vector_registers == 32 ? 24 : 12;

  /// Blocks that a dense kernel takes at once, and outputs of each that it holds: near a square,
  /// six by four, the loads are fewest.
  static constexpr int dense_blocks = std::clamp(accumulators / (6 * registers<Arch, T>), 1, 4);
  template <int Blocks>
  static constexpr int dense_outputs = std::clamp(accumulators / (Blocks * registers<Arch, T>), 1,
                                                  12);

  /// Output channels and pixels of a convolution. Five channels divide 25, 50 and 75 and fill 20 of
  /// 32 registers with four pixels (five pixels spill with clang) or 10 of 16 with one.
  static constexpr int conv2d_outputs = std::clamp(accumulators / registers<Arch, T>, 1, 5);
  static constexpr int conv2d_pixels =
      std::max(1, accumulators / (conv2d_outputs * registers<Arch, T>));
};

/// A batch by its register. The constructors of xsimd stay calls until g++ has been through all the
/// lambdas of a kernel: without them it compiles a tile of sums in two thirds of the time.
template <class Arch, class T>
[[gnu::always_inline]] inline batch<Arch, T> in_register(
    typename batch<Arch, T>::register_type value) {
  batch<Arch, T> x;
  x.data = value;
  return x;
}

template <class Arch, class T>
[[gnu::always_inline]] inline batch<Arch, T> load(const T* p) {
  return in_register<Arch, T>(*reinterpret_cast<const typename batch<Arch, T>::register_type*>(p));
}

template <class Arch, class T>
[[gnu::always_inline]] inline batch<Arch, T> load_unaligned(const T* p) {
  return batch<Arch, T>::load_unaligned(p);
}

/// The same value in all lanes; `broadcast`: the one that p points to.
template <class Arch, class T>
[[gnu::always_inline]] inline batch<Arch, T> filled(std::type_identity_t<T> x) {
  if constexpr (has_avx512<Arch> && std::is_same_v<T, float>)
    return in_register<Arch, T>(_mm512_set1_ps(x));
  else if constexpr (has_avx512<Arch> && std::is_same_v<T, double>)
    return in_register<Arch, T>(_mm512_set1_pd(x));
  else
    return batch<Arch, T>(x);
}

template <class Arch, class T>
[[gnu::always_inline]] inline batch<Arch, T> broadcast(const T* p) {
  return filled<Arch, T>(*p);
}

/// Not `store`, which a batch would also find in xsimd.
template <class Arch, class T>
[[gnu::always_inline]] inline void put(T* p, const xsimd::batch<T, Arch>& x) {
  *reinterpret_cast<typename batch<Arch, T>::register_type*>(p) = x.data;
}

template <class Arch, class T>
[[gnu::always_inline]] inline void put_unaligned(T* p, const xsimd::batch<T, Arch>& x) {
  x.store_unaligned(p);
}

/// x * y + z in one instruction wherever there is one: xsimd 8.1 has none for AVX-512.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> fma(const xsimd::batch<T, Arch>& x,
                                                        const xsimd::batch<T, Arch>& y,
                                                        const xsimd::batch<T, Arch>& z) {
  if constexpr (has_avx512<Arch>) {
    if constexpr (std::is_same_v<T, float>)
      return in_register<Arch, T>(_mm512_fmadd_ps(x.data, y.data, z.data));
    else
      return in_register<Arch, T>(_mm512_fmadd_pd(x.data, y.data, z.data));
  } else {
    return xsimd::fma(x, y, z);
  }
}

/// The greater of two, y where one is NaN on x86. Without a mask g++ 12 would warn of a register
/// that its own header leaves as it is.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> max(const xsimd::batch<T, Arch>& x,
                                                        const xsimd::batch<T, Arch>& y) {
  if constexpr (has_avx512<Arch> && std::is_same_v<T, float>)
    return in_register<Arch, T>(_mm512_maskz_max_ps(0xffff, x.data, y.data));
  else
    return xsimd::max(x, y);
}

/// x / y rounded once: xsimd 8.1 multiplies floats by an inverse in two steps of Newton's on ARM.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> divide(const xsimd::batch<T, Arch>& x,
                                                           const xsimd::batch<T, Arch>& y) {
  if constexpr (std::is_base_of_v<xsimd::neon64, Arch>)
    return x.data / y.data;
  else
    return x / y;
}

/// x where `chosen`, y elsewhere: without optimisation, xsimd 8.1 has no such thing for integers on
/// AVX-512.
template <class Arch>
[[gnu::always_inline]] inline xsimd::batch<std::int32_t, Arch> select(
    const xsimd::batch_bool<std::int32_t, Arch>& chosen, const xsimd::batch<std::int32_t, Arch>& x,
    const xsimd::batch<std::int32_t, Arch>& y) {
  if constexpr (has_avx512<Arch>)
    return _mm512_mask_blend_epi32(chosen.data, y.data, x.data);
  else
    return xsimd::select(chosen, x, y);
}

/// x where `chosen`, zero elsewhere, in one instruction: g++ makes two of a select.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> where(const xsimd::batch_bool<T, Arch>& chosen,
                                                          const xsimd::batch<T, Arch>& x) {
  using vector = xsimd::batch<T, Arch>;
  if constexpr (std::is_base_of_v<xsimd::avx, Arch> || std::is_base_of_v<xsimd::sse2, Arch>)
    return x & vector(chosen.data);
  else
    return xsimd::select(chosen, x, vector(T(0)));
}

/// The root, rounded once; as `divide`.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> sqrt(const xsimd::batch<T, Arch>& x) {
  if constexpr (!std::is_base_of_v<xsimd::neon64, Arch>)
    return xsimd::sqrt(x);
  else if constexpr (std::is_same_v<T, float>)
    return vsqrtq_f32(x.data);
  else
    return vsqrtq_f64(x.data);
}

/// The same value, which the compiler then holds in a register instead of reading it again as an
/// operand of each instruction that uses it.
template <class T, class Arch>
[[gnu::always_inline]] inline xsimd::batch<T, Arch> held(xsimd::batch<T, Arch> x) {
#if defined(__x86_64__)
  asm volatile("" : "+v"(x.data));
#elif defined(__aarch64__)
  asm volatile("" : "+w"(x.data));
#endif
  return x;
}

/// Keeps a value in its register up to here: a multiply-add before must not write its sum there,
/// for which the compiler would copy registers at the end of a loop.
template <class T, class Arch>
[[gnu::always_inline]] inline void still_needed(const xsimd::batch<T, Arch>& x) {
#if defined(__x86_64__)
  asm volatile("" : : "v"(x.data));
#elif defined(__aarch64__)
  asm volatile("" : : "w"(x.data));
#endif
}

/// The same address or number, about which the compiler knows nothing: g++ writes a loop of its own
/// for steps of one element, and makes pointers of their own out of distances.
template <class T>
[[gnu::always_inline]] inline T opaque(T x) {
  asm("" : "+r"(x));
  return x;
}

/// Calls f with 0 to count - 1 in a loop that stays one: for what is short or rare, of which g++
/// would make sixteen copies, or registers.
template <class F>
[[gnu::always_inline]] inline void one_by_one(int count, F&& f) {
#pragma GCC unroll 1
  for (int i = 0; i < count; ++i) f(opaque(i));
}

/// Ends an iteration of a loop: nothing that was read is kept for the next one, for which g++ would
/// unroll the loop and spill the accumulators.
template <class Arch>
[[gnu::always_inline]] inline void forget_reads() {
  asm volatile("" : : : "memory");
}

/// The sum of a register's elements; xsimd renamed its own between 8.1 and 9.
template <class T, class Arch>
[[gnu::always_inline]] inline T sum(const xsimd::batch<T, Arch>& x) {
  if constexpr (requires { reduce_add(x); })
    return reduce_add(x);
  else
    return hadd(x);
}

namespace detail {

template <class Sequence>
struct unrolled;

template <int... I>
struct unrolled<std::integer_sequence<int, I...>> {
  template <class F>
  [[gnu::always_inline]] inline void operator()(F&& f) const {
    (f(std::integral_constant<int, I>{}), ...);
  }
};

}  // namespace detail

/// unroll<N>(f) calls f with the constants 0 to N - 1, so that arrays indexed by them stay in
/// registers. An object, as a function would need another inside it, both to be compiled.
template <int N>
inline constexpr detail::unrolled<std::make_integer_sequence<int, N>> unroll{};

/// Calls f(offset) for each register of n elements; n is a multiple of 16.
template <class Arch, class T, class F>
[[gnu::always_inline]] inline void for_each_register(std::ptrdiff_t n, F&& f) {
  for (std::ptrdiff_t i = 0; i < n; i += lanes)
    unroll<registers<Arch, T>>([&](int r)
                                   __attribute__((always_inline)) { f(i + r * width<Arch, T>); });
}

/// n zeros, a multiple of 16; not std::fill, which files for other processors would share.
template <class Arch, class T>
[[gnu::always_inline]] inline void clear(T* x, std::ptrdiff_t n) {
  for_each_register<Arch, T>(
      n, [&](std::ptrdiff_t i)
             __attribute__((always_inline)) { put<Arch>(x + i, batch<Arch, T>(T(0))); });
}

/// One in the lanes of so many images, zero in the others.
template <class Arch, class T>
[[gnu::always_inline]] inline void mark_live_lanes(T* mask, int live) {
  for (int l = 0; l < lanes; ++l) mask[l] = l < live ? T(1) : T(0);
}

/// Calls f(constant, first) for tiles of `Outputs` outputs; the last one overlaps the one before it
/// where outputs are left over: both compute the same sums. Fewer outputs go one by one.
template <int Outputs, class F>
[[gnu::always_inline]] inline void for_each_tile(range outputs, F&& f) {
  if (outputs.last - outputs.first >= Outputs) {
    for (int o = outputs.first; o < outputs.last; o += Outputs)
      f(std::integral_constant<int, Outputs>{}, std::min(o, outputs.last - Outputs));
  } else {
    for (int o = outputs.first; o < outputs.last; ++o) f(std::integral_constant<int, 1>{}, o);
  }
}

}  // namespace lamina::kernels
