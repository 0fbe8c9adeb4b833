// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <type_traits>
#include <utility>

namespace lamina {

template <class Signature>
class callback;

/// What can be called with these arguments, whatever its type, or nothing. A copy has a copy of it.
/// std::function is the same; its header, with the hash maps that it brings, would be a tenth of
/// what a program that trains gives the compiler to read.
template <class Result, class... Arguments>
class callback<Result(Arguments...)> {
 public:
  callback() = default;
  callback(std::nullptr_t) {}  // NOLINT: implicit

  /// Of a null pointer, or an empty function of another kind, nothing.
  template <class Function>
  requires(!std::is_same_v<std::remove_cvref_t<Function>, callback> &&
           std::is_invocable_r_v<Result, std::decay_t<Function>&, Arguments...>)
      callback(Function&& function) {  // NOLINT: implicit
    if constexpr (!std::is_function_v<std::remove_reference_t<Function>> &&
                  requires { static_cast<bool>(function == nullptr); }) {
      if (function == nullptr) return;
    }
    target_ = new held<std::decay_t<Function>>(std::forward<Function>(function));
  }

  callback(const callback& other) : target_{other ? other.target_->copy() : nullptr} {}
  callback(callback&& other) noexcept : target_{std::exchange(other.target_, nullptr)} {}
  callback& operator=(callback other) noexcept {
    std::swap(target_, other.target_);
    return *this;
  }
  ~callback() { delete target_; }

  explicit operator bool() const { return target_ != nullptr; }

  /// Calls it; there must be one.
  Result operator()(Arguments... arguments) const {
    return target_->call(std::forward<Arguments>(arguments)...);
  }

 private:
  struct target {
    target() = default;
    target(const target&) = default;
    target& operator=(const target&) = delete;
    virtual ~target() = default;
    virtual target* copy() const = 0;
    virtual Result call(Arguments... arguments) = 0;
  };

  template <class Function>
  struct held final : target {
    template <class From>
    explicit held(From&& from) : function(std::forward<From>(from)) {}
    target* copy() const override { return new held(*this); }
    Result call(Arguments... arguments) override {
      return static_cast<Result>(function(std::forward<Arguments>(arguments)...));
    }
    Function function;
  };

  target* target_ = nullptr;
};

}  // namespace lamina
