// SPDX-License-Identifier: BSL-1.0
#include <lamina/train/trainer.hpp>
//
#include <lamina/augment/policy.hpp>
#include <doctest/doctest.h>

#include <oneapi/tbb/cache_aligned_allocator.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/task_arena.h>
#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>
#include <thread>
#include <vector>

#include <models/mnist_mlp.hpp>

#include "counter.hpp"

namespace {

using namespace lamina;

constexpr int warm_up = 10, steps = 1000;

/// The layers of the ASL network with fewer channels, one by Winograd's algorithm, and those
/// that it has not.
using small_cnn =
    network<input<12, 12, 1>, conv2d<16, window<3, 3>, same>, relu, batch_norm<>,
            max_pool<2, same>, conv2d<16, window<3, 3>>,
            residual<conv2d<16, window<3, 3>, same>, leaky_relu<>>,
            conv2d<7, window<3, 3>, same, stride<2>>, relu, dropout<0.2>, batch_norm<>,
            average_pool<2, same>, flatten, dense<40>, sigmoid, dropout<0.3>, dense<5>, softmax>;

/// Images of noise, of a size and with labels that fit the network.
template <class Net>
dataset noise(std::size_t images) {
  dataset data;
  data.height = 1;
  data.width = static_cast<int>(Net::input_shape::size);
  data.channels = 1;
  data.classes = static_cast<int>(Net::output_shape::size);
  data.pixels.resize(images * data.image_size());
  for (std::size_t i = 0; i < data.pixels.size(); ++i)
    data.pixels[i] = static_cast<std::uint8_t>(random_bits(1, 1, i) >> 56);
  for (std::size_t i = 0; i < images; ++i)
    data.labels.push_back(static_cast<std::uint8_t>(i % static_cast<unsigned>(data.classes)));
  return data;
}

/// Runs in an arena of so many threads, after each of them has begun to work there.
template <class Body>
void with_threads(int threads, Body body) {
  const auto limit = static_cast<std::size_t>(threads);
  const tbb::global_control control(tbb::global_control::max_allowed_parallelism, limit);
  tbb::task_arena arena(threads);
  arena.execute([&] {
    std::atomic<int> arrived{0};
    tbb::parallel_for(
        0, threads,
        [&](int) {
          for (++arrived; arrived < threads;) std::this_thread::yield();
        },
        tbb::simple_partitioner{});
    body();
  });
}

/// The calls of `action` that follow the first ten allocate nothing.
template <class Action>
void check_silent(const char* what, Action action) {
  for (int i = 0; i < warm_up; ++i) action();
  allocations::arm();
  for (int i = 0; i < steps; ++i) action();
  const long calls = allocations::disarm();
  CHECK_MESSAGE(calls == 0, what);
  if (calls) allocations::report();
}

template <class Net, class Optimizer>
void check_network(int threads, int batch) {
  const dataset data = noise<Net>(static_cast<std::size_t>(batch));
  with_threads(threads, [&] {
    trainer<Net, Optimizer> network{{.seed = 1, .clip = {.norm = 1}, .average = {.decay = 0.9}}};
    const examples whole = data, part = whole.subset(0, static_cast<std::size_t>(batch) / 3 + 1);
    int number = 0;  // the last batch of an epoch is smaller
    check_silent("steps", [&] { network.step(++number % 5 ? whole : part); });
    check_silent("evaluations", [&] { network.evaluate(part); });
    const auto fixed = network.classifier();
    check_silent("predictions", [&] { fixed.predict(whole.image(0)); });
  });
}

/// Keeps the compiler from leaving an allocation out.
void* kept(void* memory) {
  static void* volatile last;
  last = memory;
  return last;
}

}  // namespace

TEST_CASE("the counter counts every way to memory") {
  const auto calls_of = [](auto action) {
    allocations::arm();
    action();
    return allocations::disarm();
  };
  void* memory = nullptr;
  CHECK(calls_of([] {}) == 0);
  CHECK(calls_of([&] { memory = kept(std::malloc(8)); }) == 1);
  CHECK(calls_of([&] { memory = kept(std::realloc(memory, 80)); }) == 1);
  std::free(memory);
  CHECK(calls_of([] { std::free(kept(std::calloc(2, 8))); }) == 1);
  CHECK(calls_of([] { std::free(kept(std::aligned_alloc(64, 64))); }) == 1);
  CHECK(calls_of([] { ::operator delete(kept(::operator new(8))); }) == 1);
  const std::align_val_t wide{64};
  CHECK(calls_of([=] { ::operator delete(kept(::operator new(64, wide)), wide); }) == 1);
  CHECK(calls_of([] { std::thread{[] { std::free(kept(std::malloc(8))); }}.join(); }) >= 2);
  const auto map = [] {
    void* pages = mmap(nullptr, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(kept(pages), 4096);
  };
  CHECK(calls_of(map) == 1);
  // TBB loads its allocator by itself
  tbb::cache_aligned_allocator<char> allocator;
  CHECK(calls_of([&] { allocator.deallocate(allocator.allocate(50'000'000), 50'000'000); }) >= 1);
}

TEST_CASE("steps and predictions allocate nothing after the first ones") {
  for (const int threads : {1, 2, 8}) {
    CAPTURE(threads);
    check_network<models::mnist_mlp, rmsprop>(threads, 32);
    check_network<small_cnn, any_optimizer>(threads, 48);
  }
}

TEST_CASE("a whole fit allocates nothing between its tenth batch and its last") {
  const dataset data = noise<small_cnn>(33 * 1000 + 7);
  using policy = augmentation<rotate<10>, shift<0.1>, flip_horizontal, contrast<0.3>, cutout<3>,
                              elastic<4, 2>>;
  with_threads(2, [&] {
    trainer<small_cnn, adamw> network{{.seed = 1}};
    long calls = -1;
    progress_bar bar{stderr, false};
    network.fit(data, {.batch = 33,
                       .augmentation = policy{},
                       .schedule = schedules::one_cycle{},
                       .warm_up = {.epochs = 0.01},
                       .on_batch =
                           [&](const batch_record& batch) {
                             if (batch.step == warm_up) allocations::arm();
                             if (batch.images < 33) calls = allocations::disarm();
                           },
                       .progress = &bar});
    CHECK(calls == 0);
    if (calls) allocations::report();
  });
}
