# SPDX-License-Identifier: BSL-1.0
# libzip by its header and library: the targets of Debian's package want programs that others have.
include(${CMAKE_CURRENT_LIST_DIR}/LaminaLibrary.cmake)
lamina_library(LaminaZip lamina::zip zip.h zip)
