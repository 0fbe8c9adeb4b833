// SPDX-License-Identifier: BSL-1.0
// A program that bench/peers/run asks, line by line, to compute and to time. Answers begin with "@
// ".
//   load FOLDER                     images.f32, labels.u8 and the weights of the networks
//   outputs NETWORK                 the probabilities of the first 64 images
//   losses NETWORK                  of the first three training steps on 32 images
//   run NETWORK MODE BATCH SECONDS  seconds of an iteration, or `none`
//   peak                            the fused multiply-add peak of the worker's threads
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <fstream>
#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

namespace peers {

inline constexpr std::size_t image_size = 784;

/// Processor time of the process for one thread, else the clock on the wall.
inline double now(int threads) {
  if (threads == 1) {
    std::timespec time{};
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// Seconds of an iteration: after two to warm up, as many as fill the time.
template <class Iteration>
double seconds_of(int threads, double at_least, const Iteration& iteration) {
  iteration();
  iteration();
  const double begun = now(threads);
  double passed = 0;
  int count = 0;
  while (passed < at_least || count < 3) {
    iteration();
    ++count;
    passed = now(threads) - begun;
  }
  return passed / count;
}

template <class T>
std::vector<T> read_all(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  std::vector<T> all(static_cast<std::size_t>(file.tellg()) / sizeof(T));
  file.seekg(0);
  file.read(reinterpret_cast<char*>(all.data()),
            static_cast<std::streamsize>(all.size() * sizeof(T)));
  return all;
}

inline void answer(const std::vector<float>& values) {
  std::cout << "@ [";
  for (std::size_t i = 0; i < values.size(); ++i) std::cout << (i == 0 ? "" : ", ") << values[i];
  std::cout << "]" << std::endl;
}

/// Logits of an image become its probabilities.
inline void softmax(float* values, std::ptrdiff_t classes) {
  const float largest = *std::max_element(values, values + classes);
  float sum = 0;
  for (std::ptrdiff_t c = 0; c < classes; ++c) sum += values[c] = std::exp(values[c] - largest);
  for (std::ptrdiff_t c = 0; c < classes; ++c) values[c] /= sum;
}

/// Answers what is asked of one network; null where it has no losses to compare.
template <class Subject>
void obey(Subject& network, const std::string& command, std::istream& rest, int threads) {
  if (command == "outputs") {
    answer(network.outputs());
  } else if (command == "losses") {
    if constexpr (requires { network.losses(); })
      answer(network.losses());
    else
      std::cout << "@ null" << std::endl;
  } else {
    std::string mode;
    std::size_t batch = 0;
    double seconds = 0;
    rest >> mode >> batch >> seconds;
    std::cout << "@ " << network.run(mode, batch, seconds, threads) << std::endl;
  }
}

}  // namespace peers
