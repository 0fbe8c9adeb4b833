// SPDX-License-Identifier: BSL-1.0
#pragma once

/// Counts what a program asks of the system's memory. The program that links counter.cpp has its
/// own malloc, calloc, realloc, aligned_alloc, posix_memalign, memalign, valloc, mmap and mremap,
/// which count while they are armed and forward to the C library; `operator new`, TBB and every
/// other library of the program end in them (CMake: ENABLE_EXPORTS, so that libraries that are
/// loaded later find them as well).
namespace allocations {

/// Begins at zero, for all threads.
void arm();

/// Ends; the number of calls since `arm`.
long disarm();

/// Writes the call stacks of the first calls that were counted to standard error.
void report();

}  // namespace allocations
