# SPDX-License-Identifier: BSL-1.0
# libdeflate by its header and library: older ones than 1.15 come without a package for CMake.
find_path(LAMINA_DEFLATE_FOLDER libdeflate.h)
find_library(LAMINA_DEFLATE_LIBRARY deflate)
mark_as_advanced(LAMINA_DEFLATE_FOLDER LAMINA_DEFLATE_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LaminaDeflate
  REQUIRED_VARS LAMINA_DEFLATE_LIBRARY LAMINA_DEFLATE_FOLDER)
if(LaminaDeflate_FOUND AND NOT TARGET lamina::deflate)
  add_library(lamina::deflate UNKNOWN IMPORTED)
  set_target_properties(lamina::deflate PROPERTIES
    IMPORTED_LOCATION ${LAMINA_DEFLATE_LIBRARY}
    INTERFACE_INCLUDE_DIRECTORIES ${LAMINA_DEFLATE_FOLDER})
endif()
