// SPDX-License-Identifier: BSL-1.0
#include <lamina/bench/rows.hpp>

int main(int argc, char** argv) { return lamina::bench::run(argc, argv); }
