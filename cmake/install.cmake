# SPDX-License-Identifier: BSL-1.0
# find_package(lamina) gives lamina::lamina and lamina::native; with COMPONENTS io also lamina::io,
# with COMPONENTS bench lamina::bench.
include(GNUInstallDirs)
include(CMakePackageConfigHelpers)
set(package ${CMAKE_INSTALL_LIBDIR}/cmake/lamina)
set(models ${CMAKE_INSTALL_DATADIR}/lamina)  # <models/mnist_mlp.hpp> lies here, apart from others

target_include_directories(lamina INTERFACE
  $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}> $<INSTALL_INTERFACE:${models}>)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/lamina
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN *.hpp)
install(DIRECTORY ${PROJECT_SOURCE_DIR}/models DESTINATION ${models} FILES_MATCHING PATTERN *.hpp)
install(TARGETS lamina native EXPORT lamina)
install(EXPORT lamina FILE laminaTargets.cmake NAMESPACE lamina:: DESTINATION ${package})
if(TARGET lamina_io)
  install(TARGETS lamina_io EXPORT lamina_io DESTINATION ${CMAKE_INSTALL_LIBDIR})
  install(EXPORT lamina_io FILE laminaIoTargets.cmake NAMESPACE lamina:: DESTINATION ${package})
endif()
if(TARGET bench)
  install(TARGETS bench EXPORT lamina_bench)
  install(EXPORT lamina_bench FILE laminaBenchTargets.cmake NAMESPACE lamina::
          DESTINATION ${package})
endif()
if(TARGET lamina_program)
  install(TARGETS lamina_program DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/laminaConfig.cmake.in
  ${PROJECT_BINARY_DIR}/laminaConfig.cmake INSTALL_DESTINATION ${package})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/laminaConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/laminaConfig.cmake
              ${PROJECT_BINARY_DIR}/laminaConfigVersion.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindLaminaXsimd.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindLaminaCairo.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindLaminaDeflate.cmake
              ${PROJECT_SOURCE_DIR}/cmake/FindLaminaZip.cmake
              ${PROJECT_SOURCE_DIR}/cmake/LaminaLibrary.cmake
              ${PROJECT_SOURCE_DIR}/cmake/LaminaNative.cmake DESTINATION ${package})
