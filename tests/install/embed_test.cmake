# Installs this build, builds examples/embed against nothing but what was installed, and runs it.
function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${scratch}")
file(MAKE_DIRECTORY "${scratch}")
run(${CMAKE_COMMAND} --install "${build}" --prefix "${scratch}/prefix")
run(${CMAKE_COMMAND} -G Ninja -S "${example}" -B "${scratch}/build"
  "-DCMAKE_PREFIX_PATH=${scratch}/prefix" "-DCMAKE_CXX_COMPILER=${compiler}"
  "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}" "-DCMAKE_CXX_FLAGS=${flags}")
run(${CMAKE_COMMAND} --build "${scratch}/build")

set(expected "+525555550147 lead: Hola, ¿tienen paneles?\n")
foreach(lines 1 2)  # the second run finds what the first one stored
  run("${scratch}/build/embed" "${scratch}/embed.db")
  string(REPEAT "${expected}" ${lines} history)
  if(NOT output STREQUAL history)
    message(FATAL_ERROR "run ${lines} printed\n${output}instead of\n${history}")
  endif()
endforeach()
