# SPDX-License-Identifier: BSL-1.0
# lamina::lamina   the headers: Hana, xsimd, oneTBB and nothing else
# lamina::native   the options that compile for this machine's processor
# lamina::bench    Google Benchmark's rows of a network, where there is Google Benchmark
# lamina_warnings  what our own code is compiled with (not installed)
find_package(Boost 1.74 REQUIRED)
find_package(LaminaXsimd 8.1 REQUIRED)
find_package(TBB REQUIRED)

add_library(lamina INTERFACE)
add_library(lamina::lamina ALIAS lamina)
target_compile_features(lamina INTERFACE cxx_std_20)
target_include_directories(lamina INTERFACE
  $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}>)
target_link_libraries(lamina INTERFACE Boost::headers lamina::xsimd TBB::tbb)

add_library(native INTERFACE)
add_library(lamina::native ALIAS native)
include(LaminaNative)
if(LAMINA_SANITIZER)
  # a check is a jump: to keep all of them within 32 bytes takes clang ten times as long
  set(native_options -march=${LAMINA_MARCH})
else()
  lamina_native(native_options ${LAMINA_MARCH})  # an installed one finds its own where it is used
endif()
target_compile_options(native INTERFACE "$<BUILD_INTERFACE:${native_options}>")

find_package(benchmark QUIET)
if(benchmark_FOUND)
  add_library(bench INTERFACE)
  add_library(lamina::bench ALIAS bench)
  target_link_libraries(bench INTERFACE lamina benchmark::benchmark)
elseif(LAMINA_BENCH)
  message(FATAL_ERROR "the benchmarks need Google Benchmark (Debian: libbenchmark-dev)")
endif()

add_library(lamina_warnings INTERFACE)
set(LAMINA_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Werror)
target_compile_options(lamina_warnings INTERFACE ${LAMINA_WARNINGS})
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  # g++ 12 sees overlapping copies in "text" + std::string (its bug 105651).
  target_compile_options(lamina_warnings INTERFACE -Wno-restrict)
endif()
