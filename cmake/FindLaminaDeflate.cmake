# SPDX-License-Identifier: BSL-1.0
# libdeflate by its header and library: older ones than 1.15 come without a package for CMake.
include(${CMAKE_CURRENT_LIST_DIR}/LaminaLibrary.cmake)
lamina_library(LaminaDeflate lamina::deflate libdeflate.h deflate)
