# SPDX-License-Identifier: BSL-1.0
# cairo by its header and library: it has no package of CMake's.
include(${CMAKE_CURRENT_LIST_DIR}/LaminaLibrary.cmake)
lamina_library(LaminaCairo lamina::cairo cairo.h cairo cairo)
