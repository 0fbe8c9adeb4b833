// SPDX-License-Identifier: BSL-1.0
#include "counter.hpp"

#include <execinfo.h>
#include <malloc.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

namespace {

constexpr int most_stacks = 8, most_frames = 24;

struct stack {
  const char* call;
  std::size_t bytes;
  void* frames[most_frames];
  int depth;
};

std::atomic<bool> armed{false};
std::atomic<long> calls{0};
stack stacks[most_stacks];
thread_local bool counting = false;  // what `backtrace` allocates is not the program's

void count(const char* call, std::size_t bytes) {
  if (!armed.load(std::memory_order_relaxed) || counting) return;
  const long number = calls.fetch_add(1);
  if (number >= most_stacks) return;
  counting = true;
  stack& here = stacks[number];
  here.call = call;
  here.bytes = bytes;
  here.depth = backtrace(here.frames, most_frames);
  counting = false;
}

}  // namespace

namespace allocations {

void arm() {
  void* frame = nullptr;
  backtrace(&frame, 1);  // loads its library at the first call
  calls = 0;
  armed = true;
}

long disarm() {
  armed = false;
  return calls;
}

void report() {
  for (int i = 0; i < most_stacks && i < calls; ++i) {
    dprintf(STDERR_FILENO, "%s of %zu bytes\n", stacks[i].call, stacks[i].bytes);
    backtrace_symbols_fd(stacks[i].frames, stacks[i].depth, STDERR_FILENO);
  }
}

}  // namespace allocations

extern "C" {

void* malloc(std::size_t size) {
  count("malloc", size);
  return __libc_malloc(size);
}

void* calloc(std::size_t number, std::size_t size) {
  count("calloc", number * size);
  return __libc_calloc(number, size);
}

void* realloc(void* memory, std::size_t size) {
  count("realloc", size);
  return __libc_realloc(memory, size);
}

void* memalign(std::size_t alignment, std::size_t size) {
  count("memalign", size);
  return __libc_memalign(alignment, size);
}

void* aligned_alloc(std::size_t alignment, std::size_t size) {
  count("aligned_alloc", size);
  return __libc_memalign(alignment, size);
}

void* valloc(std::size_t size) {
  count("valloc", size);
  return __libc_memalign(static_cast<std::size_t>(sysconf(_SC_PAGESIZE)), size);
}

int posix_memalign(void** result, std::size_t alignment, std::size_t size) {
  count("posix_memalign", size);
  void* memory = __libc_memalign(alignment, size);
  if (!memory) return ENOMEM;
  *result = memory;
  return 0;
}

void* mmap(void* address, std::size_t size, int protection, int flags, int file, off_t offset) {
  count("mmap", size);
  return reinterpret_cast<void*>(syscall(SYS_mmap, address, size, protection, flags, file, offset));
}

void* mremap(void* address, std::size_t before, std::size_t size, int flags, ...) {
  count("mremap", size);
  va_list rest;
  va_start(rest, flags);
  void* wanted = flags & MREMAP_FIXED ? va_arg(rest, void*) : nullptr;
  va_end(rest);
  return reinterpret_cast<void*>(syscall(SYS_mremap, address, before, size, flags, wanted));
}

}  // extern "C"
