// SPDX-License-Identifier: BSL-1.0
// How fast a working set of so many bytes is read over and over, each thread its own.
#include <lamina/bench/loads.hpp>
#include <lamina/bench/rows.hpp>

#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <vector>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace {

/// Memory of one thread, aligned to 2 MiB, in huge pages or in none.
class pages {
 public:
  pages(std::size_t bytes, bool huge)
      : bytes_((bytes + alignment - 1) / alignment * alignment),
        data_(static_cast<float*>(::operator new (bytes_, std::align_val_t{alignment}))) {
#if defined(__linux__)
    ::madvise(data_, bytes_, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
    std::memset(data_, 0, bytes_);
  }
  pages(const pages&) = delete;
  pages& operator=(const pages&) = delete;
  ~pages() { ::operator delete (data_, std::align_val_t{alignment}); }

  const float* data() const { return data_; }

 private:
  static constexpr std::size_t alignment = std::size_t{1} << 21;
  std::size_t bytes_;
  float* data_;
};

std::string size_name(std::ptrdiff_t bytes) {
  return bytes < 1 << 20 ? std::to_string(bytes >> 10) + "KiB"
                         : std::to_string(bytes >> 20) + "MiB";
}

template <int Streams, bool Prefetch>
void add_load(std::ptrdiff_t bytes, bool huge, int threads) {
  const std::string name = "load/streams:" + std::to_string(Streams) +
                           (Prefetch ? "/prefetch" : "") + (huge ? "/huge_pages" : "/small_pages") +
                           "/" + size_name(bytes) + "/threads:" + std::to_string(threads);
  const std::ptrdiff_t times = std::max<std::ptrdiff_t>(1, (1 << 22) / bytes);
  const double all = static_cast<double>(bytes * times) * threads;
  lamina::bench::add_row(name, threads, [=](benchmark::State& state) {
    std::vector<std::unique_ptr<pages>> memory;
    for (int i = 0; i < threads; ++i) {
      memory.push_back(std::make_unique<pages>(static_cast<std::size_t>(bytes), huge));
    }
    const auto read = [&](int thread) {
      for (std::ptrdiff_t i = 0; i < times; ++i) {
        lamina::bench::read_once<Streams, Prefetch>(
            memory[static_cast<std::size_t>(thread)]->data(), bytes);
      }
    };
    lamina::bench::measure(state, threads,
                           {.operations = 0, .executed = 0, .bytes = all, .images = 0},
                           [&] { lamina::bench::on_each(threads, read); });
  });
}

bool add_loads() {
  for (const int threads : lamina::bench::thread_counts()) {
    for (std::ptrdiff_t bytes = std::ptrdiff_t{16} << 10; bytes <= std::ptrdiff_t{256} << 20;
         bytes *= 2) {
      add_load<1, false>(bytes, true, threads);
      add_load<4, false>(bytes, true, threads);
      add_load<8, false>(bytes, true, threads);
      add_load<1, true>(bytes, true, threads);
      add_load<8, true>(bytes, true, threads);
      add_load<1, false>(bytes, false, threads);
    }
  }
  return true;
}

const bool added = add_loads();

}  // namespace
