// SPDX-License-Identifier: BSL-1.0
// Benchmark rows of a network of a user's own. Run without arguments it measures for a moment only.
#include <lamina/bench/network.hpp>

using namespace lamina;
using small = network<input<4, 4, 1>, flatten, dense<5>, relu, dense<3>, softmax>;

static const bool rows = bench::register_network<small>("small", {.batches = {32}, .threads = {1}});

int main(int, char** argv) {
  char filter[] = "--benchmark_filter=^small/training/batch:32/threads:1$";
  char time[] = "--benchmark_min_time=0.001";
  char* arguments[] = {argv[0], filter, time};
  return rows ? bench::run(3, arguments) : 1;
}
