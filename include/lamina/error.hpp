// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <stdexcept>
#include <string>

namespace lamina {

/// What lamina throws: one line that names the file or the argument, what was expected and what was
/// found.
struct error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace lamina
