# SPDX-License-Identifier: BSL-1.0
# What a person may choose; the presets choose it for the usual builds.
option(LAMINA_COMPILED "lamina::io, the program and the examples" ${PROJECT_IS_TOP_LEVEL})
option(LAMINA_TESTS "the tests" ${PROJECT_IS_TOP_LEVEL})
option(LAMINA_SYNTAX_TESTS "the tests that only compile, with every compiler found"
       ${PROJECT_IS_TOP_LEVEL})
option(LAMINA_LONG_TESTS "also the suites named long" OFF)
option(LAMINA_BENCH "the benchmarks" OFF)
option(LAMINA_INSTALL "the rules of install" ${PROJECT_IS_TOP_LEVEL})
set(LAMINA_MARCH native CACHE STRING "-march of our own programs and tests")
set(LAMINA_SANITIZER "" CACHE STRING "value of -fsanitize, for the tests")
set(LAMINA_OTHER_TREES "" CACHE STRING "build folders whose tests run with those of this one")

if(NOT CMAKE_CXX_COMPILER_LAUNCHER AND PROJECT_IS_TOP_LEVEL)
  find_program(LAMINA_CCACHE ccache)
  if(LAMINA_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER ${LAMINA_CCACHE})
  endif()
endif()

if(LAMINA_SANITIZER)
  add_compile_options(-fsanitize=${LAMINA_SANITIZER} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${LAMINA_SANITIZER})
endif()
