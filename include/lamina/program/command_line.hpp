// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <lamina/program/model.hpp>

#include <map>
#include <memory>
#include <string>

namespace lamina::cli {

struct registered_model {
  std::unique_ptr<model> type;
  model_options options;
};

/// By their names, as they are listed.
using model_registry = std::map<std::string, registered_model>;

/// The program without the types of its networks; compiled once, in lamina::io.
class command_line {
 public:
  /// The commands train, evaluate, predict, augment, summary and data. Returns the exit status: 0
  /// done, 1 failed, with one line on standard error, 2 wrong usage, with the usage line as well.
  int run(int argc, const char* const* argv);

  /// Where --data names a folder of pictures by class, they are read instead of the model's own
  /// data.
  void add(std::string name, std::unique_ptr<model> type, model_options options);

 private:
  model_registry models_;
};

}  // namespace lamina::cli
