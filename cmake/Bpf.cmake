# BPF programs: C compiled by clang for the kernel's virtual machine. clang of another language's toolchain will do, so it is
# asked for by name; gcc's BPF back end makes no BTF that libbpf reads.
find_program(PENSTOCK_BPF_CLANG NAMES clang-19 clang-20 clang-18 clang-17 clang-16 clang REQUIRED
  DOC "A clang with the BPF target (Debian: clang-19)")

# penstock_bpf_object(SOURCE INCLUDES header ... OUTPUT variable): compiles SOURCE with type information; `variable` is the
# path of the object. Paths inside are relative to the source tree, so the same source makes the same bytes.
function(penstock_bpf_object source)
  cmake_parse_arguments(ARG "" "OUTPUT" "INCLUDES" ${ARGN})
  string(REGEX REPLACE "\\.c$" ".o" object ${source})
  set(object ${CMAKE_CURRENT_BINARY_DIR}/${object})
  set(from ${CMAKE_CURRENT_SOURCE_DIR}/${source})
  add_custom_command(OUTPUT ${object}
    # The kernel's <asm/...> are the host's, and clang does not look for them when it compiles for BPF.
    COMMAND ${PENSTOCK_BPF_CLANG} -target bpf -mcpu=v3 -O2 -g -std=gnu11 -Wall -Wextra -Werror
      -ffile-prefix-map=${CMAKE_SOURCE_DIR}=. -fdebug-compilation-dir=. -I${CMAKE_SOURCE_DIR}
      -idirafter /usr/include/${CMAKE_LIBRARY_ARCHITECTURE} -c ${from} -o ${object}
    DEPENDS ${from} ${ARG_INCLUDES}
    COMMENT "Compiling BPF object ${source}" VERBATIM)
  set(${ARG_OUTPUT} ${object} PARENT_SCOPE)
endfunction()
