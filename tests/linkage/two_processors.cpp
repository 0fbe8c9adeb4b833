// SPDX-License-Identifier: BSL-1.0
#include <cmath>
#include <cstdio>

double answer_v2();
double answer_v3();

int main() {
  const double old = answer_v2();
  if (!__builtin_cpu_supports("avx2") || !__builtin_cpu_supports("fma")) return old > 0 ? 0 : 1;
  const double recent = answer_v3();
  std::printf("%.9g with x86-64-v2, %.9g with x86-64-v3\n", old, recent);
  return old > 0 && std::abs(old - recent) < 1e-4 * old ? 0 : 1;
}
