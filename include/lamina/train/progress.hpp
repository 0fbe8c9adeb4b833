// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <cstring>

#include "lamina/train/clock.hpp"
#include "lamina/train/history.hpp"

namespace lamina {

/// What hears how a training run goes on; every member may be left out.
struct progress {
  progress() = default;
  progress(const progress&) = default;
  progress& operator=(const progress&) = default;
  virtual ~progress() = default;

  /// An epoch, counted from 1, of so many steps and training images begins.
  virtual void begin_epoch(int /*epoch*/, int /*epochs*/, std::size_t /*steps*/,
                           std::size_t /*images*/) {}
  /// So many steps of the epoch are done; loss and accuracy are means over them.
  virtual void step(std::size_t /*done*/, double /*loss*/, double /*accuracy*/) {}
  virtual void end_epoch(const epoch_record&) {}
};

/// A line on a terminal that is written anew at most ten times a second, and stays as a summary of
/// its epoch:
///
///     epoch 2/5 [#########...........]  870/1875  41,200 images/s  loss 0.0812  accuracy 0.9751
///
/// Writes nothing if the stream is no terminal. Allocates nothing.
class progress_bar : public progress {
 public:
  explicit progress_bar(std::FILE* stream = stderr)
      : progress_bar(stream, isatty(fileno(stream)) == 1) {}

  /// Writes or not, whatever the stream is.
  progress_bar(std::FILE* stream, bool shown) : stream_{stream}, shown_{shown} {}

  void begin_epoch(int epoch, int epochs, std::size_t steps, std::size_t images) override {
    epoch_ = epoch;
    epochs_ = epochs;
    steps_ = steps;
    images_ = images;
    begun_ = detail::steady_seconds();
    next_ = begun_ + interval;
    if (shown_) measure_terminal();
  }

  void step(std::size_t done, double loss, double accuracy) override {
    if (!shown_) return;
    const double now = detail::steady_seconds();
    if (now < next_) return;
    next_ = now + interval;
    const double seconds = now - begun_;
    const double part = steps_ ? static_cast<double>(done) / static_cast<double>(steps_) : 1;
    size_ = 0;
    print("\repoch %d/%d ", epoch_, epochs_);
    bar(part);
    print(" %zu/%zu  ", done, steps_);
    rate(static_cast<double>(images_) * part / seconds);
    print("  loss %.4f  accuracy %.4f  %s left", loss, accuracy, left(part, seconds));
    flush();
  }

  void end_epoch(const epoch_record& record) override {
    if (!shown_) return;
    size_ = 0;
    print("\repoch %d/%d  loss %.4f  accuracy %.4f", epoch_, epochs_, record.loss, record.accuracy);
    if (record.validation_accuracy == record.validation_accuracy)
      print("  validation %.4f", record.validation_accuracy);
    if (record.test_accuracy == record.test_accuracy) print("  test %.4f", record.test_accuracy);
    const double seconds = detail::steady_seconds() - begun_;
    print("  %.1f s  ", record.seconds == record.seconds ? record.seconds : seconds);
    rate(static_cast<double>(images_) / std::max(seconds, 1e-9));
    flush();
    std::fputc('\n', stream_);
    std::fflush(stream_);
  }

 private:
  static constexpr double interval = 0.1;  // seconds

  void measure_terminal() {
    winsize terminal{};
    const bool known = ioctl(fileno(stream_), TIOCGWINSZ, &terminal) == 0 && terminal.ws_col > 0;
    columns_ = std::min<std::size_t>(known ? terminal.ws_col - 1u : 99, sizeof line_ - 8);
  }

  template <class... Values>
  void print(const char* format, Values... values) {
    const int written = std::snprintf(line_ + size_, sizeof line_ - size_, format, values...);
    if (written > 0) size_ = std::min(size_ + static_cast<std::size_t>(written), sizeof line_ - 1);
  }

  void print(const char* text) { print("%s", text); }

  /// A bar of up to 20 characters, in what the rest of the line leaves of the terminal's width.
  void bar(double part) {
    constexpr std::size_t rest = 84, least = 5;
    if (columns_ < rest + least) return;
    const auto width = std::min<std::size_t>(columns_ - rest, 20);
    const double done = std::clamp(part, 0.0, 1.0) * static_cast<double>(width);
    char marks[] = "....................";
    std::memset(marks, '#', static_cast<std::size_t>(done));
    marks[width] = '\0';
    print("[%s]", marks);
  }

  /// Thousands apart, up to a billion.
  void rate(double images_per_second) {
    const auto n = static_cast<unsigned>(std::clamp(images_per_second, 0.0, 999'999'999.0));
    if (n >= 1'000'000)
      print("%u,%03u,%03u images/s", n / 1'000'000, n / 1000 % 1000, n % 1000);
    else if (n >= 1000)
      print("%u,%03u images/s", n / 1000, n % 1000);
    else
      print("%u images/s", n);
  }

  /// What remains of the epoch, as minutes and seconds.
  const char* left(double part, double seconds) {
    const double rest = part > 0 ? seconds / part - seconds : 0;
    const auto n = static_cast<unsigned>(std::clamp(rest, 0.0, 359'999.0) + 0.5);
    std::snprintf(left_, sizeof left_, "%u:%02u", n / 60, n % 60);
    return left_;
  }

  /// Writes the line, no wider than the terminal, over the one before it.
  void flush() {
    std::size_t width = std::min(size_ - 1, columns_);  // without the carriage return
    const std::size_t clear = std::min(std::max(width, shown_width_), columns_);
    std::memset(line_ + 1 + width, ' ', clear - width);
    shown_width_ = width;
    std::fwrite(line_, 1, 1 + clear, stream_);
    std::fflush(stream_);
  }

  std::FILE* stream_;
  bool shown_;
  int epoch_ = 0, epochs_ = 0;
  std::size_t steps_ = 0, images_ = 0, columns_ = 99, size_ = 0, shown_width_ = 0;
  double begun_ = 0, next_ = 0;
  char left_[16] = {};
  char line_[256] = {};
};

}  // namespace lamina
