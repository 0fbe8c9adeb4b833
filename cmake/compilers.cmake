# SPDX-License-Identifier: BSL-1.0
# The compilers that the syntax tests call directly: LAMINA_COMPILERS, a list of gcc and clang,
# LAMINA_COMPILER_<one> its path, LAMINA_SYNTAX_FLAGS the flags of a user's file.
function(lamina_find_compiler id least)
  find_program(LAMINA_COMPILER_${id} NAMES ${ARGN})
  mark_as_advanced(LAMINA_COMPILER_${id})
  if(LAMINA_COMPILER_${id})
    execute_process(COMMAND ${LAMINA_COMPILER_${id}} -dumpversion OUTPUT_VARIABLE version
                    OUTPUT_STRIP_TRAILING_WHITESPACE)
    if(version VERSION_GREATER_EQUAL least)
      set(LAMINA_COMPILERS ${LAMINA_COMPILERS} ${id} PARENT_SCOPE)
      return()
    endif()
  endif()
  message(WARNING "no ${id} ${least} or later: the syntax tests run without it")
endfunction()

set(LAMINA_COMPILERS)
lamina_find_compiler(gcc 12 g++ g++-14 g++-13 g++-12)
lamina_find_compiler(clang 18 clang++-19 clang++-20 clang++-18 clang++)

set(LAMINA_SYNTAX_FLAGS -std=c++20 -fsyntax-only -I${PROJECT_SOURCE_DIR}/include
    -I${PROJECT_SOURCE_DIR})
foreach(target Boost::headers lamina::xsimd TBB::tbb)
  get_target_property(folders ${target} INTERFACE_INCLUDE_DIRECTORIES)
  foreach(folder IN LISTS folders)
    if(NOT folder MATCHES "^(/usr/include/?|.*NOTFOUND)$")
      list(APPEND LAMINA_SYNTAX_FLAGS -isystem ${folder})
    endif()
  endforeach()
endforeach()
