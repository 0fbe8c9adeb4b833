# SPDX-License-Identifier: BSL-1.0
# lamina_native(RESULT MARCH): the options that compile for a processor. Intel's from Skylake to Comet
# Lake do not keep a jump decoded that crosses or ends at 32 bytes ("Mitigations for Jump Conditional
# Code Erratum", Intel 2019): where the loop of a kernel happens to end there, it loses a seventh.
# They are known by what they have (AVX2 and CLFLUSHOPT) and lack (SHA).
include(CheckCXXSourceCompiles)
function(lamina_native result march)
  set(options -march=${march})
  if(CMAKE_CXX_COMPILER_LOADED)
    set(within -mbranches-within-32B-boundaries)
    if(CMAKE_CXX_COMPILER_ID STREQUAL GNU)
      set(within -Wa,${within})
    endif()
    string(MAKE_C_IDENTIFIER LAMINA_WITHIN_32_BYTES_${march} applies)
    set(CMAKE_REQUIRED_FLAGS "-march=${march} ${within}")
    set(CMAKE_REQUIRED_QUIET ON)
    check_cxx_source_compiles("
      #if !defined(__AVX2__) || !defined(__CLFLUSHOPT__) || defined(__SHA__)
      #error another processor
      #endif
      int main() {}" ${applies})
    if(${applies})
      list(APPEND options ${within})
    endif()
  endif()
  set(${result} ${options} PARENT_SCOPE)
endfunction()
