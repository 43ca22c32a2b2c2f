# Installs this build, builds the examples against nothing but what was installed, and runs them.
function(run)
  execute_process(COMMAND ${ARGN} OUTPUT_VARIABLE output COMMAND_ECHO STDOUT COMMAND_ERROR_IS_FATAL ANY)
  set(output "${output}" PARENT_SCOPE)
endfunction()

file(REMOVE_RECURSE "${scratch}")
file(MAKE_DIRECTORY "${scratch}")
run(${CMAKE_COMMAND} --install "${build}" --prefix "${scratch}/prefix")
foreach(example embed orchestrator)
  run(${CMAKE_COMMAND} -G Ninja -S "${examples}/${example}" -B "${scratch}/${example}"
    "-DCMAKE_PREFIX_PATH=${scratch}/prefix" "-DCMAKE_CXX_COMPILER=${compiler}"
    "-DCMAKE_CXX_COMPILER_LAUNCHER=${launcher}" "-DCMAKE_CXX_FLAGS=${flags}")
  run(${CMAKE_COMMAND} --build "${scratch}/${example}")
endforeach()

set(expected "+525555550147 lead: Hola, ¿tienen paneles?\n")
foreach(lines 1 2)  # the second run finds what the first one stored
  run("${scratch}/embed/embed" "${scratch}/embed.db")
  string(REPEAT "${expected}" ${lines} history)
  if(NOT output STREQUAL history)
    message(FATAL_ERROR "run ${lines} printed\n${output}instead of\n${history}")
  endif()
endforeach()

foreach(messages 0 4)  # before the first run, and before the second
  run("${scratch}/orchestrator/orchestrator" "${scratch}/orchestrator.db")
  if(NOT output MATCHES "^[+]525538899800, stage [a-z_]+, ${messages} messages in memory")
    message(FATAL_ERROR "with ${messages} messages stored it printed\n${output}")
  endif()
endforeach()
