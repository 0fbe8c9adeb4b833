// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <charconv>
#include <cstddef>
#include <iterator>
#include <limits>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "lamina/error.hpp"
#include "lamina/text.hpp"

namespace lamina {

/// The value of a figure that was not measured.
inline constexpr double absent = std::numeric_limits<double>::quiet_NaN();

/// What a network was measured at: the mean loss an image, the part of the images whose likeliest
/// class is right, from 0 to 1.
struct evaluation {
  double loss = absent, accuracy = absent;
  std::size_t images = 0;
};

/// One epoch of a training run, counted from 1. Loss and accuracy are the means over the epoch's
/// batches as they were trained on; validation and test figures are absent where nothing was given.
struct epoch_record {
  int epoch = 0;
  double loss = absent, accuracy = absent;
  double validation_loss = absent, validation_accuracy = absent;
  double test_loss = absent, test_accuracy = absent;
  double seconds = absent;

  /// What schedules, early stopping and the choice of an epoch look at: the loss on the validation
  /// images, without them on the training images; infinite where it is no number.
  double watched_loss() const {
    const bool validated = validation_loss == validation_loss;
    const double watched = validated ? validation_loss : loss;
    return watched == watched ? watched : std::numeric_limits<double>::infinity();
  }
};

/// What happened in a training run.
struct history {
  std::vector<epoch_record> epochs;

  /// The epoch of the smallest loss on the validation images, without them on the training images,
  /// the first of equals; null if there is none.
  const epoch_record* best() const {
    const epoch_record* best = nullptr;
    for (const epoch_record& each : epochs)
      if (!best || each.watched_loss() < best->watched_loss()) best = &each;
    return best;
  }

  /// The table as text, a header line and one line an epoch; an absent figure is an empty field.
  /// Numbers have as few digits as give the same bits when read again.
  std::string csv() const;

  /// The history of such a text. Throws `error`, which names `file`.
  static history from_csv(std::string_view text, std::string_view file = "history");
};

namespace detail {

inline constexpr std::string_view history_header =
    "epoch,loss,accuracy,validation_loss,validation_accuracy,test_loss,test_accuracy,seconds";

/// The columns after the first, in the order of the header.
inline constexpr double epoch_record::*history_columns[] = {&epoch_record::loss,
                                                            &epoch_record::accuracy,
                                                            &epoch_record::validation_loss,
                                                            &epoch_record::validation_accuracy,
                                                            &epoch_record::test_loss,
                                                            &epoch_record::test_accuracy,
                                                            &epoch_record::seconds};

template <class Number>
void append_number(std::string& text, Number value) {
  char digits[32];
  text.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
}

/// The text up to the separator, which is taken off as well.
inline std::string_view take_field(std::string_view& text, char separator) {
  const std::size_t end = text.find(separator);
  const std::string_view field = text.substr(0, end);
  text.remove_prefix(end == text.npos ? text.size() : end + 1);
  return field;
}

template <class Number>
bool parse_number(std::string_view field, Number& value) {
  const auto [end, failure] = std::from_chars(field.data(), field.data() + field.size(), value);
  return failure == std::errc{} && end == field.data() + field.size();
}

/// False if the line is none of a history.
inline bool parse_epoch(std::string_view line, epoch_record& record) {
  std::size_t commas = 0;
  for (const char c : line) commas += c == ',';
  if (commas != std::size(history_columns)) return false;
  if (!parse_number(take_field(line, ','), record.epoch)) return false;
  for (const auto column : history_columns) {
    const std::string_view field = take_field(line, ',');
    if (!field.empty() && !parse_number(field, record.*column)) return false;
  }
  return true;
}

}  // namespace detail

inline std::string history::csv() const {
  std::string text{detail::history_header};
  text += '\n';
  for (const epoch_record& record : epochs) {
    detail::append_number(text, record.epoch);
    for (const auto column : detail::history_columns) {
      text += ',';
      if (const double value = record.*column; value == value) detail::append_number(text, value);
    }
    text += '\n';
  }
  return text;
}

inline history history::from_csv(std::string_view text, std::string_view file) {
  const std::string_view header = detail::take_field(text, '\n');
  if (header != detail::history_header)
    throw error(detail::joined(file, ": expected the header '", detail::history_header,
                               "', found '", detail::printable(header), "'"));
  history result;
  while (!text.empty()) {
    const std::string_view line = detail::take_field(text, '\n');
    if (!detail::parse_epoch(line, result.epochs.emplace_back()))
      throw error(detail::joined(file, ": line ", result.epochs.size() + 1,
                                 ": expected an epoch and 7 numbers or empty fields, found '",
                                 detail::printable(line), "'"));
  }
  return result;
}

}  // namespace lamina
