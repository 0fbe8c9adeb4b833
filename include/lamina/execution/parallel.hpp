// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <type_traits>

#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <oneapi/tbb/task_arena.h>

namespace lamina::execution {

/// A reference to something that can be called with the number of a piece; costs no template
/// instantiation of the scheduler for each caller.
class piece_function {
 public:
  template <class Function>
  requires(!std::is_same_v<std::remove_cvref_t<Function>, piece_function>)
      piece_function(const Function& function)  // NOLINT: implicit, as std::function_ref
      : object_(std::addressof(function)), call_([](const void* object, int piece) {
          (*static_cast<const Function*>(object))(piece);
        }) {}

  void operator()(int piece) const { call_(object_, piece); }

 private:
  const void* object_;
  void (*call_)(const void*, int);
};

/// Threads of the caller's TBB arena, and whether it has one.
inline int concurrency() { return tbb::this_task_arena::max_concurrency(); }
inline bool is_alone() { return concurrency() == 1; }

/// Runs the pieces 0 to count - 1 on the caller's TBB arena and waits for them. What is summed in a
/// piece follows from sizes alone, never from the number of threads, so that results do not depend
/// on it. The caller takes no unrelated task of its arena while it waits. Not inlined: a network
/// has a dozen of these, each of which would be compiled with TBB's code.
[[gnu::noinline]] inline void run_pieces(int count, piece_function run) {
  if (count == 1) {
    run(0);
  } else if (count > 1) {
    tbb::this_task_arena::isolate([&] {
      if (is_alone()) {
        for (int piece = 0; piece < count; ++piece) run(piece);
      } else {
        tbb::parallel_for(
            0, count, [run](int piece) { run(piece); }, tbb::simple_partitioner{});
      }
    });
  }
}

/// Inside one of `count` pieces: which of the memories that the threads have of their own is this
/// thread's, below the concurrency of its arena. A single piece runs where it was called from.
inline int slot_of_thread(int count) {
  return count == 1 ? 0 : tbb::this_task_arena::current_thread_index();
}

/// Half-open ranges of about equal length that start at multiples of `grain` and hold one at least,
/// where the extent does.
struct split {
  int extent;
  int grain;
  int parts;

  /// As many parts as make each take about `work` operations of `total`, at most one a grain.
  static constexpr split by_work(int extent, int grain, double total, double work) {
    const int grains = extent < grain ? 1 : extent / grain;
    const double wanted = total / work;
    const int parts = wanted >= grains ? grains : wanted < 1 ? 1 : static_cast<int>(wanted);
    return {extent, grain, parts};
  }

  /// In fewer parts, for work that each part would repeat; of values that do not depend on how they
  /// are split.
  constexpr split at_most(int count) const {
    return {extent, grain, parts < count ? parts : count};
  }

  constexpr int begin(int part) const {
    if (part == parts) return extent;
    const auto even = static_cast<int>(static_cast<long long>(extent) * part / parts);
    return (even + grain / 2) / grain * grain;
  }
  constexpr int end(int part) const { return begin(part + 1); }
};

/// Work in `count` pieces, in any order.
template <class Run>
struct pieces {
  int count;
  Run run;  // by number
};

template <class Run>
void run_pieces(const pieces<Run>& work) {
  run_pieces(work.count, work.run);
}

/// Two jobs as one, each spread evenly among the other, so that threads that share a region get
/// their part of both, and neighbours stay near each other.
template <class First, class Second>
auto both(pieces<First> first, pieces<Second> second) {
  const split order{first.count, 1, first.count + second.count};
  const auto run = [=](int piece) {
    const int before = order.begin(piece);
    if (order.end(piece) > before)
      first.run(before);
    else
      second.run(piece - before);
  };
  return pieces<decltype(run)>{order.parts, run};
}

}  // namespace lamina::execution
