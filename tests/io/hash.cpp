// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/hash.hpp>

#include "test_bytes.hpp"

#include <doctest/doctest.h>

using namespace lamina::io;

// RFC 1321, section A.5.
TEST_CASE("MD5 of the known vectors") {
  CHECK(md5({}) == "d41d8cd98f00b204e9800998ecf8427e");
  CHECK(md5(bytes_of("a")) == "0cc175b9c0f1b6a831c399e269772661");
  CHECK(md5(bytes_of("abc")) == "900150983cd24fb0d6963f7d28e17f72");
  CHECK(md5(bytes_of("message digest")) == "f96b697d7cb7938d525a2f31aaf161d0");
  CHECK(md5(bytes_of("abcdefghijklmnopqrstuvwxyz")) == "c3fcd3d76192e4007dfb496cca67e13b");
  CHECK(md5(bytes_of("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")) ==
        "d174ab98d277d9f5a5611c2c9f419d9f");
  CHECK(md5(bytes_of("1234567890123456789012345678901234567890123456789012345678901234567890123456"
                     "7890")) == "57edf4a22be3c955ac49da2e2107b67a");
}

// FIPS 180-2, appendix B, and NIST's vector of a million letters.
TEST_CASE("SHA-256 of the known vectors") {
  CHECK(sha256({}) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  CHECK(sha256(bytes_of("abc")) ==
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  CHECK(sha256(bytes_of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")) ==
        "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
  CHECK(sha256(bytes_of(std::string(1'000'000, 'a'))) ==
        "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

// Digests of n letters x, from Python's hashlib: the end of the last chunk in all its forms.
TEST_CASE("lengths around a chunk") {
  const auto digests = [](std::size_t n) {
    const std::string text(n, 'x');
    return md5(bytes_of(text)).substr(0, 8) + " " + sha256(bytes_of(text)).substr(0, 8);
  };
  CHECK(digests(55) == "04364420 d5e28568");
  CHECK(digests(56) == "668a72d5 04c26261");
  CHECK(digests(63) == "7dc2ca20 75220b47");
  CHECK(digests(64) == "c1bb4f81 7ce10097");
  CHECK(digests(65) == "1bc93205 9537c5fd");
  CHECK(digests(119) == "ab347a5f 000b48d4");
  CHECK(digests(120) == "fb98667f 13f05a0b");
  CHECK(digests(128) == "d69cb61a 24da1b81");
}
