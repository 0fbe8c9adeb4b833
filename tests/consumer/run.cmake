# SPDX-License-Identifier: BSL-1.0
# Installs BUILD into FOLDER, builds project/ against it, runs the programs and cleans up.
file(REMOVE_RECURSE ${FOLDER})
function(run)
  execute_process(COMMAND ${ARGN} COMMAND_ERROR_IS_FATAL ANY)
endfunction()
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${FOLDER}/prefix)
run(${CMAKE_COMMAND} -G Ninja -S ${CMAKE_CURRENT_LIST_DIR}/project -B ${FOLDER}/build
    -DCMAKE_BUILD_TYPE=Debug -DCMAKE_PREFIX_PATH=${FOLDER}/prefix
    -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER_LAUNCHER=${LAUNCHER})
run(${CMAKE_COMMAND} --build ${FOLDER}/build)
file(GLOB programs ${FOLDER}/build/consumer_*)
foreach(program IN LISTS programs)
  run(${program})
endforeach()
file(REMOVE_RECURSE ${FOLDER})
