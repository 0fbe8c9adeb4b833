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

inline constexpr std::size_t huge_page = std::size_t{2} << 20;

/// Whether so many bytes are worth huge pages: what lies between the layers of a group of images
/// goes through a hundred small ones for each tile of a product.
constexpr bool takes_huge_pages(std::size_t bytes) { return bytes >= huge_page / 4; }

constexpr std::align_val_t alignment_of(std::size_t bytes) {
  return std::align_val_t{takes_huge_pages(bytes) ? huge_page : 64};
}

// Not inlined: many buffers are made and given back, and none in a hurry.
[[gnu::noinline]] inline void* zeroed_memory(std::size_t bytes) {
  const bool huge = takes_huge_pages(bytes);
  const std::size_t whole = huge ? (bytes + huge_page - 1) / huge_page * huge_page : bytes;
  void* const memory = ::operator new(whole, alignment_of(bytes));
#if defined(__linux__)
  if (huge) ::madvise(memory, whole, MADV_HUGEPAGE);
#endif
  return std::memset(memory, 0, bytes);
}
[[gnu::noinline]] inline void free_memory(void* memory, std::size_t bytes) {
  ::operator delete(memory, alignment_of(bytes));
}

/// Zeroed memory of a fixed number of elements, aligned to 64 bytes, or to 2 MiB with huge pages
/// asked for where it takes a quarter of one or more. Nothing is constructed: T is a number.
template <class T>
class buffer {
 public:
  buffer() = default;

  explicit buffer(std::size_t size) : size_(size) {
    if (size != 0) data_ = static_cast<T*>(zeroed_memory(bytes()));
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
    if (data_ != nullptr) free_memory(data_, bytes());
  }

  T* data() { return data_; }
  const T* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::size_t bytes() const { return (size_ * sizeof(T) + 63) / 64 * 64; }

  T* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace lamina::execution
