// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace lamina {

/// How a network is trained, as values: `--recipe` chooses one, further words of the command line
/// change it, and the run remembers it. What is 0 or false is not done.
struct recipe {
  std::string name = "course";
  int epochs = 5;
  int batch = 32;
  std::string initializer = "glorot-uniform";  ///< one of initializer_names
  std::string optimizer = "rmsprop";           ///< one of any_optimizer::names
  double learning_rate = 1e-3;
  double weight_decay = 0;            ///< of adamw
  std::string schedule = "constant";  ///< one of schedule_names
  double warm_up = 0;                 ///< epochs
  double label_smoothing = 0;
  double average = 0;          ///< decay of the moving average of the weights
  double clip_norm = 0;        ///< of all gradients
  bool class_weights = false;  ///< balanced
  int patience = 0;            ///< epochs, of early stopping
  bool keep_best = false;
  bool augmentation = false;  ///< the model's policy
};

}  // namespace lamina
