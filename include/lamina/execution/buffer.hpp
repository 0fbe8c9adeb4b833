// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <cstring>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace lamina::execution {

/// Zeroed memory of a fixed number of elements, aligned to 64 bytes, or to 2 MiB with huge pages
/// asked for where it is that large. Nothing is constructed: T is a number.
template <class T>
class buffer {
 public:
  buffer() = default;

  explicit buffer(std::size_t size) : size_(size) {
    if (size == 0) return;
    const std::size_t bytes = rounded(size * sizeof(T));
    data_ = static_cast<T*>(::operator new (bytes, std::align_val_t{alignment_of(bytes)}));
#if defined(__linux__)
    if (bytes >= huge) ::madvise(data_, bytes, MADV_HUGEPAGE);
#endif
    std::memset(static_cast<void*>(data_), 0, bytes);
  }

  buffer(const buffer& other) : buffer(other.size_) {
    if (size_ != 0) std::memcpy(static_cast<void*>(data_), other.data_, size_ * sizeof(T));
  }
  buffer(buffer&& other) noexcept
      : data_(std::exchange(other.data_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  buffer& operator=(buffer other) noexcept {
    std::swap(data_, other.data_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~buffer() {
    if (data_ == nullptr) return;
    ::operator delete (data_, std::align_val_t{alignment_of(rounded(size_ * sizeof(T)))});
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::size_t huge = std::size_t{2} << 20;

  static constexpr std::size_t alignment_of(std::size_t bytes) { return bytes >= huge ? huge : 64; }
  static constexpr std::size_t rounded(std::size_t bytes) { return (bytes + 63) / 64 * 64; }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lamina::execution
