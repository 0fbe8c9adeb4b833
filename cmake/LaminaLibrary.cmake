# SPDX-License-Identifier: BSL-1.0
# For the modules that find a library by its header and its file: lamina_library(PACKAGE TARGET HEADER
# LIBRARY [FOLDER]), the header perhaps in that folder of an include path.
include(FindPackageHandleStandardArgs)
macro(lamina_library package target header library)
  find_path(${package}_FOLDER ${header} PATH_SUFFIXES ${ARGN})
  find_library(${package}_LIBRARY ${library})
  mark_as_advanced(${package}_FOLDER ${package}_LIBRARY)
  find_package_handle_standard_args(${package}
    REQUIRED_VARS ${package}_LIBRARY ${package}_FOLDER)
  if(${package}_FOUND AND NOT TARGET ${target})
    add_library(${target} UNKNOWN IMPORTED)
    set_target_properties(${target} PROPERTIES IMPORTED_LOCATION ${${package}_LIBRARY}
                          INTERFACE_INCLUDE_DIRECTORIES ${${package}_FOLDER})
  endif()
endmacro()
