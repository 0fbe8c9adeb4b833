# SPDX-License-Identifier: BSL-1.0
# libzip by its header and library: the targets of Debian's package want programs that others have.
find_path(LAMINA_ZIP_FOLDER zip.h)
find_library(LAMINA_ZIP_LIBRARY zip)
mark_as_advanced(LAMINA_ZIP_FOLDER LAMINA_ZIP_LIBRARY)
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LaminaZip REQUIRED_VARS LAMINA_ZIP_LIBRARY LAMINA_ZIP_FOLDER)
if(LaminaZip_FOUND AND NOT TARGET lamina::zip)
  add_library(lamina::zip UNKNOWN IMPORTED)
  set_target_properties(lamina::zip PROPERTIES
    IMPORTED_LOCATION ${LAMINA_ZIP_LIBRARY} INTERFACE_INCLUDE_DIRECTORIES ${LAMINA_ZIP_FOLDER})
endif()
