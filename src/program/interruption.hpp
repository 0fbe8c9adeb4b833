// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <csignal>

namespace lamina::cli {

/// While it lives, the first Ctrl-C (or SIGTERM) is noted, and the second one ends the program.
class interruption {
 public:
  interruption() {
    noted() = 0;
    struct sigaction note {};
    note.sa_handler = [](int) { noted() = 1; };
    note.sa_flags = static_cast<int>(SA_RESETHAND);
    ::sigaction(SIGINT, &note, &old_interrupt_);
    ::sigaction(SIGTERM, &note, &old_terminate_);
  }
  interruption(const interruption&) = delete;
  interruption& operator=(const interruption&) = delete;
  ~interruption() {
    ::sigaction(SIGINT, &old_interrupt_, nullptr);
    ::sigaction(SIGTERM, &old_terminate_, nullptr);
  }

  explicit operator bool() const { return noted() != 0; }

 private:
  static volatile std::sig_atomic_t& noted() {
    static volatile std::sig_atomic_t value = 0;
    return value;
  }

  struct sigaction old_interrupt_ {
  }, old_terminate_{};
};

}  // namespace lamina::cli
