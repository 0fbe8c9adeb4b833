// SPDX-License-Identifier: BSL-1.0
// The compiled library: a folder without data is refused in one line that names it.
#include <cstring>

#include <lamina/error.hpp>
#include <lamina/io/mnist.hpp>

int main() {
  try {
    lamina::mnist::load("/nowhere");
  } catch (const lamina::error& refused) {
    return std::strstr(refused.what(), "/nowhere") != nullptr ? 0 : 1;
  }
  return 1;
}
