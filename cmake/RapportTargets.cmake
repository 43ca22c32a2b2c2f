# How every library and test of the project is built.
include(GNUInstallDirs)
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")

find_program(RAPPORT_CCACHE ccache)
if(RAPPORT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${RAPPORT_CCACHE}")
endif()

# Files that are compiled as one are included by their full path, which __FILE__ would give to the compiler cache as well.
if(CMAKE_UNITY_BUILD)
  add_compile_options("-fmacro-prefix-map=${PROJECT_SOURCE_DIR}/=")
endif()

# Instrumentation, which programs that link the libraries need as well.
set(RAPPORT_INSTRUMENTATION "")
if(RAPPORT_SANITIZE)
  list(APPEND RAPPORT_INSTRUMENTATION
    -fsanitize=${RAPPORT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
endif()
if(RAPPORT_COVERAGE)
  list(APPEND RAPPORT_INSTRUMENTATION -fprofile-instr-generate -fcoverage-mapping)
endif()
if(RAPPORT_FUZZ)
  list(APPEND RAPPORT_INSTRUMENTATION -fsanitize=fuzzer-no-link)
endif()

add_library(rapport_options INTERFACE)
target_compile_options(rapport_options INTERFACE
  $<BUILD_INTERFACE:-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Werror>
  "$<BUILD_INTERFACE:${RAPPORT_INSTRUMENTATION}>")
target_compile_definitions(rapport_options INTERFACE
  $<BUILD_INTERFACE:BOOST_ASIO_NO_DEPRECATED>
  $<BUILD_INTERFACE:$<$<CONFIG:Debug>:_GLIBCXX_ASSERTIONS>>
  $<BUILD_INTERFACE:$<$<BOOL:${RAPPORT_FAULT_POINTS}>:RAPPORT_FAULT_POINTS>>)
target_link_options(rapport_options INTERFACE "$<BUILD_INTERFACE:${RAPPORT_INSTRUMENTATION}>")

# rapport_library(NAME SOURCES... ) declares rapport::NAME, one static library a folder. What it
# may include is what it links: add that with target_link_libraries.
function(rapport_library name)
  add_library(rapport_${name} STATIC ${ARGN})
  add_library(rapport::${name} ALIAS rapport_${name})
  set_target_properties(rapport_${name} PROPERTIES EXPORT_NAME ${name})
  target_include_directories(rapport_${name} PUBLIC
    $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/src> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_compile_features(rapport_${name} PUBLIC cxx_std_20)
  target_link_libraries(rapport_${name} PRIVATE $<BUILD_INTERFACE:rapport_options>)
  install(TARGETS rapport_${name} EXPORT rapportTargets)
endfunction()

# rapport_embed(TARGET FUNCTION NAME HEADER FILE FOLDER PATH FILES names...) compiles the texts of FILES in. FUNCTION,
# which HEADER declares, gives them by their names.
function(rapport_embed target)
  cmake_parse_arguments(arg "" "FUNCTION;HEADER;FOLDER" "FILES" ${ARGN})
  list(TRANSFORM arg_FILES PREPEND "${arg_FOLDER}/" OUTPUT_VARIABLE paths)
  set(script "${PROJECT_SOURCE_DIR}/cmake/EmbedFiles.cmake")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${target}_files.cpp")
  add_custom_command(OUTPUT "${output}"
    COMMAND ${CMAKE_COMMAND} -DFUNCTION=${arg_FUNCTION} -DHEADER=${arg_HEADER} "-DFOLDER=${arg_FOLDER}"
      "-DFILES=${arg_FILES}" "-DOUTPUT=${output}" -P "${script}"
    DEPENDS ${paths} "${script}" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()

# rapport_test(NAME [MONGODB] SOURCES...) declares the test program rapport_NAME_test; link what it
# tests. With MONGODB ctest starts the run's shared server before it.
function(rapport_test name)
  cmake_parse_arguments(arg "MONGODB" "" "" ${ARGN})
  add_executable(rapport_${name}_test ${arg_UNPARSED_ARGUMENTS})
  target_link_libraries(rapport_${name}_test PRIVATE rapport_options GTest::gtest_main)
  target_include_directories(rapport_${name}_test PRIVATE
    ${PROJECT_SOURCE_DIR}/src ${PROJECT_SOURCE_DIR})
  set(properties TIMEOUT 300)
  if(arg_MONGODB)
    target_link_libraries(rapport_${name}_test PRIVATE rapport_test_support)
    list(APPEND properties FIXTURES_REQUIRED mongod)
  endif()
  gtest_discover_tests(rapport_${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES ${properties})
endfunction()

# rapport_paths(FILE NAME=PATH...) tells one test file where things are. Not its whole target: every file that knows a
# path of this clone is compiled anew in the next one, where the shared compiler cache has all the others.
function(rapport_paths file)
  list(TRANSFORM ARGN REPLACE "^([A-Z_]+)=(.*)$" "\\1=\"\\2\"" OUTPUT_VARIABLE definitions)
  set_source_files_properties(${file} PROPERTIES COMPILE_DEFINITIONS "${definitions}")
endfunction()

# rapport_fuzz(NAME SOURCES...) declares the libFuzzer program fuzz_NAME; link what it feeds.
function(rapport_fuzz name)
  add_executable(fuzz_${name} ${ARGN})
  target_link_libraries(fuzz_${name} PRIVATE rapport_options)
  target_link_options(fuzz_${name} PRIVATE -fsanitize=fuzzer)
endfunction()
