# SPDX-License-Identifier: BSL-1.0
# xsimd by its header: the target of Debian's package links xtl, which it neither needs nor has.
find_path(XSIMD_FOLDER xsimd/xsimd.hpp)
mark_as_advanced(XSIMD_FOLDER)
if(XSIMD_FOLDER)
  file(STRINGS ${XSIMD_FOLDER}/xsimd/config/xsimd_config.hpp lines
       REGEX "define XSIMD_VERSION_(MAJOR|MINOR|PATCH)")
  string(REGEX MATCHALL "[0-9]+" numbers "${lines}")
  list(JOIN numbers . LaminaXsimd_VERSION)
endif()
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(LaminaXsimd REQUIRED_VARS XSIMD_FOLDER
                                  VERSION_VAR LaminaXsimd_VERSION)
if(LaminaXsimd_FOUND AND NOT TARGET lamina::xsimd)
  add_library(lamina::xsimd INTERFACE IMPORTED)
  set_target_properties(lamina::xsimd PROPERTIES INTERFACE_INCLUDE_DIRECTORIES ${XSIMD_FOLDER})
endif()
