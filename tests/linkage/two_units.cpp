// SPDX-License-Identifier: BSL-1.0
#include <cstdio>

#include "small_network.hpp"

double loss_in_another_unit();

int main() {
  const double here = linkage::loss_after_training(), there = loss_in_another_unit();
  std::printf("%.9g here, %.9g there\n", here, there);
  return here == there && here > 0 ? 0 : 1;
}
