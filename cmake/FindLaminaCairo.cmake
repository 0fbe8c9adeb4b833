# SPDX-License-Identifier: BSL-1.0
# cairo by its header and library: it has no package of CMake's.
find_path(CAIRO_FOLDER cairo.h PATH_SUFFIXES cairo)
find_library(CAIRO_LIBRARY cairo)
mark_as_advanced(CAIRO_FOLDER CAIRO_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LaminaCairo REQUIRED_VARS CAIRO_LIBRARY CAIRO_FOLDER)
if(LaminaCairo_FOUND AND NOT TARGET lamina::cairo)
  add_library(lamina::cairo UNKNOWN IMPORTED)
  set_target_properties(lamina::cairo PROPERTIES IMPORTED_LOCATION ${CAIRO_LIBRARY}
                        INTERFACE_INCLUDE_DIRECTORIES ${CAIRO_FOLDER})
endif()
