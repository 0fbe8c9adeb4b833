// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>

/// Random numbers from a counter: each is a pure function of what it is for (seed, epoch, sample,
/// layer, ...), so the order in which threads ask for them changes nothing, and a run that is
/// resumed draws what the uninterrupted one would have drawn. Integer arithmetic alone: the same
/// numbers on every platform.
namespace lamina {

/// The increment of SplitMix64, 2^64 divided by the golden ratio, odd.
inline constexpr std::uint64_t golden_gamma = 0x9e3779b97f4a7c15;

/// The finaliser of SplitMix64 (G. Steele, D. Lea, C. Flood: Fast splittable pseudorandom number
/// generators, OOPSLA 2014, variant 13 of D. Stafford's mixers): a bijection of 64 bits.
constexpr std::uint64_t mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

/// The number `counter` (from 0) of the SplitMix64 sequence that starts at `state`.
constexpr std::uint64_t splitmix64(std::uint64_t state, std::uint64_t counter) {
  return mix(state + (counter + 1) * golden_gamma);
}

/// The state of one of 2^64 independent sequences of a seed.
constexpr std::uint64_t stream_state(std::uint64_t seed, std::uint64_t stream) {
  return splitmix64(splitmix64(seed, 0), stream);
}

/// 64 random bits, a pure function of its arguments.
constexpr std::uint64_t random_bits(std::uint64_t seed, std::uint64_t stream,
                                    std::uint64_t counter) {
  return splitmix64(stream_state(seed, stream), counter);
}

/// 64 random bits as a number in [0, 1), a multiple of 2^-53.
constexpr double uniform(std::uint64_t bits) { return static_cast<double>(bits >> 11) * 0x1p-53; }

/// A sequence of one seed and stream as a UniformRandomBitGenerator; `random_bits` one counter
/// further at each call.
class counter_generator {
 public:
  using result_type = std::uint64_t;

  constexpr counter_generator(std::uint64_t seed, std::uint64_t stream)
      : state_{stream_state(seed, stream)} {}

  static constexpr result_type min() { return 0; }
  static constexpr result_type max() { return std::numeric_limits<result_type>::max(); }
  constexpr result_type operator()() { return splitmix64(state_, counter_++); }

  friend constexpr bool operator==(const counter_generator&, const counter_generator&) = default;

 private:
  std::uint64_t state_;
  std::uint64_t counter_ = 0;
};

/// The next number of the generator in [0, 1).
template <class Generator>
constexpr double uniform(Generator& generator) {
  return uniform(generator());
}

/// An unbiased draw from [0, bound), bound > 0; takes the upper 32 bits of one or, rarely, more
/// numbers of the generator (D. Lemire: Fast random integer generation in an interval, TOMACS
/// 2019).
template <class Generator>
constexpr std::uint32_t bounded(Generator& generator, std::uint32_t bound) {
  const std::uint32_t threshold = (0u - bound) % bound;  // 2^32 mod bound
  for (;;) {
    const std::uint64_t product = (generator() >> 32) * bound;
    if (static_cast<std::uint32_t>(product) >= threshold)
      return static_cast<std::uint32_t>(product >> 32);
  }
}

/// The streams that the library draws from a seed; a user's own start at `user`.
enum class random_stream : std::uint64_t {
  shuffle = 1,
  dropout = 2,
  weights = 3,
  augmentation = 4,
  user = 1024
};

/// Permutes the values (Fisher-Yates), uniformly; one permutation for each seed and epoch, the same
/// on every platform. At most 2^32 - 1 values.
constexpr void shuffle(std::span<std::uint32_t> values, std::uint64_t seed, std::uint64_t epoch) {
  const auto stream = static_cast<std::uint64_t>(random_stream::shuffle);
  counter_generator generator{random_bits(seed, stream, epoch), 0};
  for (std::size_t n = values.size(); n > 1; --n)
    std::swap(values[n - 1], values[bounded(generator, static_cast<std::uint32_t>(n))]);
}

/// The key from which one dropout layer draws what it keeps of one sample in one epoch.
constexpr std::uint32_t dropout_key(std::uint64_t seed, std::uint64_t epoch, std::uint64_t sample,
                                    std::uint64_t layer) {
  const auto stream = static_cast<std::uint64_t>(random_stream::dropout);
  return static_cast<std::uint32_t>(random_bits(random_bits(seed, stream, epoch), layer, sample) >>
                                    32);
}

}  // namespace lamina
