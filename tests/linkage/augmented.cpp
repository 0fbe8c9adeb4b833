// SPDX-License-Identifier: BSL-1.0
// A program that trains, with a policy where AUGMENTATION names one.
#include <lamina/lamina.hpp>

using net =
    lamina::network<lamina::input<4, 4, 1>, lamina::flatten, lamina::dense<2>, lamina::softmax>;

lamina::history train(const lamina::examples& images) {
  lamina::trainer<net> trainer;
  return trainer.fit(images, {.augmentation = AUGMENTATION});
}
