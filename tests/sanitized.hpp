// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdlib>

namespace lamina::test {

/// Whether the tests were built with a sanitizer, which checks each access and not their numbers:
/// of what takes long it needs to see one case of each kind.
inline const bool sanitized = std::getenv("LAMINA_SANITIZER") != nullptr;

}  // namespace lamina::test
