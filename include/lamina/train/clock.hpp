// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <time.h>

namespace lamina::detail {

/// Seconds since some moment, of the clock that never goes back. Not <chrono>: every program that
/// trains would have to read it.
inline double steady_seconds() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

}  // namespace lamina::detail
