// SPDX-License-Identifier: BSL-1.0
#include <lamina/io/data_folder.hpp>

#include "test_bytes.hpp"

#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>

using namespace lamina::io;

namespace {

/// Sets a variable of the environment, or takes it away, and puts it back at the end.
class variable {
 public:
  variable(const char* name, const char* value) : name_(name) {
    if (const char* const old = std::getenv(name)) old_ = old;
    set(value);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { set(old_ ? old_->c_str() : nullptr); }

 private:
  void set(const char* value) const {
    if (value)
      ::setenv(name_, value, 1);
    else
      ::unsetenv(name_);
  }
  const char* name_;
  std::optional<std::string> old_;
};

}  // namespace

TEST_CASE("the folder of the data: what is given, then the environment, then the cache") {
  const variable data("LAMINA_DATA", "/data");
  const variable cache("XDG_CACHE_HOME", "/cache");
  const variable home("HOME", "/home/someone");
  CHECK(data_folder("here") == "here");
  CHECK(data_folder() == "/data");
  const variable no_data("LAMINA_DATA", nullptr);
  CHECK(data_folder() == "/cache/lamina");
  const variable relative_cache("XDG_CACHE_HOME", "cache");
  CHECK(data_folder() == "/home/someone/.cache/lamina");
  const variable no_home("HOME", nullptr);
  CHECK(message_of([] { data_folder(); }) ==
        "data folder: expected LAMINA_DATA, XDG_CACHE_HOME or HOME to be set, found none");
}

TEST_CASE("a relative LAMINA_DATA") {
  const variable data("LAMINA_DATA", "data");
  CHECK(message_of([] { data_folder(); }) ==
        "LAMINA_DATA: expected an absolute path, found \"data\"");
}
