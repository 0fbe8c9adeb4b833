// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <span>
#include <string>

/// Part of the compiled library lamina::io: the hashes by which downloads are checked. Neither is
/// meant for secrets.
namespace lamina::io {

/// The MD5 digest (RFC 1321), 32 hexadecimal digits.
std::string md5(std::span<const std::byte> bytes);

/// The SHA-256 digest (FIPS 180-4), 64 hexadecimal digits.
std::string sha256(std::span<const std::byte> bytes);

}  // namespace lamina::io
