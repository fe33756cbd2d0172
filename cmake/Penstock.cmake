# What every target of ours has in common: language level, warnings, sanitizers, ccache.
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)

add_library(penstock_flags INTERFACE)
target_include_directories(penstock_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_options(penstock_flags INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -Wnon-virtual-dtor
  -Woverloaded-virtual -Werror -fno-omit-frame-pointer)
if(PENSTOCK_SANITIZE)
  target_compile_options(penstock_flags INTERFACE -fsanitize=${PENSTOCK_SANITIZE} -fno-sanitize-recover=all)
  if(PENSTOCK_SANITIZE MATCHES "undefined")
    # A null pointer traps under ASan without a check of its own, and these two are checked at every call of every member
    # function: with them a translation unit full of Boost takes three times as long to compile.
    target_compile_options(penstock_flags INTERFACE -fno-sanitize=null,vptr)
  endif()
  target_link_options(penstock_flags INTERFACE -fsanitize=${PENSTOCK_SANITIZE})
endif()

# penstock_library(NAME SOURCES a.cpp ... DEPENDS lib ...): a static library of one folder.
# Folders list only the folders below them in DEPENDS, so that a wrong arrow does not link.
function(penstock_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  if(ARG_SOURCES)
    add_library(${name} STATIC ${ARG_SOURCES})
    target_link_libraries(${name} PUBLIC penstock_flags ${ARG_DEPENDS})
  else()
    add_library(${name} INTERFACE)
    target_link_libraries(${name} INTERFACE penstock_flags ${ARG_DEPENDS})
  endif()
endfunction()

# penstock_executable(NAME SOURCES ... DEPENDS ...): a program in <build>/bin.
function(penstock_executable name)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPENDS" ${ARGN})
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE penstock_flags ${ARG_DEPENDS})
endfunction()

# penstock_test(NAME [THREADS] SOURCES ... DEPENDS ...): a GoogleTest program, registered with ctest as one test.
# THREADS: code that runs between threads. Those, and only those, are also built and run under TSan.
function(penstock_test name)
  cmake_parse_arguments(ARG "THREADS" "" "SOURCES;DEPENDS" ${ARGN})
  if(PENSTOCK_SANITIZE STREQUAL "thread" AND NOT ARG_THREADS)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE penstock_flags ${ARG_DEPENDS} GTest::gmock GTest::gtest GTest::gtest_main)
  set(test ${name})
  set(label unit)
  if(PENSTOCK_SANITIZE STREQUAL "thread")
    set(test ${name}.tsan)
    set(label tsan)
  endif()
  add_test(NAME ${test} COMMAND ${name})
  set_tests_properties(${test} PROPERTIES LABELS ${label} TIMEOUT 120)
endfunction()

# penstock_fuzz(NAME SOURCES ... DEPENDS ... CORPUS dir): a libFuzzer target; ctest runs it for twenty seconds.
function(penstock_fuzz name)
  cmake_parse_arguments(ARG "" "CORPUS" "SOURCES;DEPENDS" ${ARGN})
  if(NOT PENSTOCK_FUZZ)
    return()
  endif()
  add_executable(${name} ${ARG_SOURCES})
  target_link_libraries(${name} PRIVATE penstock_flags ${ARG_DEPENDS})
  target_link_options(${name} PRIVATE -fsanitize=fuzzer)
  add_test(NAME ${name}
    COMMAND ${CMAKE_SOURCE_DIR}/tests/fuzz/run_one $<TARGET_FILE:${name}> ${ARG_CORPUS} 20)
  set_tests_properties(${name} PROPERTIES LABELS fuzz TIMEOUT 120)
endfunction()

# penstock_benchmark(NAME [SMOKE filter] SOURCES ... DEPENDS ...): a Google Benchmark program in <build>/bin. ctest only sees
# that it runs: SMOKE is a filter that picks its quick ones.
function(penstock_benchmark name)
  cmake_parse_arguments(ARG "" "SMOKE" "SOURCES;DEPENDS" ${ARGN})
  penstock_executable(${name} SOURCES ${ARG_SOURCES} DEPENDS ${ARG_DEPENDS} benchmark::benchmark benchmark::benchmark_main)
  add_test(NAME ${name} COMMAND ${name} --benchmark_min_time=0.001 --benchmark_filter=${ARG_SMOKE})
  set_tests_properties(${name} PROPERTIES LABELS bench TIMEOUT 120 FAIL_REGULAR_EXPRESSION "ERROR OCCURRED|Failed to match")
endfunction()
