# DPDK as a toolbox (EAL, mempool, mbuf, ring), linked statically: the EAL then loads no driver plugins and
# starts in a tenth of a second. Its headers are system headers, or they would warn under C++20.
pkg_check_modules(DPDK REQUIRED libdpdk)

add_library(penstock_dpdk INTERFACE)
target_include_directories(penstock_dpdk SYSTEM INTERFACE ${DPDK_INCLUDE_DIRS})
# On x86 DPDK's inline functions need SSE4.2; elsewhere the compiler's default will do.
target_compile_options(penstock_dpdk INTERFACE "SHELL:-include rte_config.h")
if(PENSTOCK_MARCH)
  target_compile_options(penstock_dpdk INTERFACE -march=${PENSTOCK_MARCH})
endif()
target_compile_definitions(penstock_dpdk INTERFACE RTE_USE_C11_MEM_MODEL ALLOW_EXPERIMENTAL_API)
target_link_libraries(penstock_dpdk INTERFACE
  -Wl,--whole-archive -l:librte_mempool_ring.a -Wl,--no-whole-archive
  -l:librte_mbuf.a -l:librte_mempool.a -l:librte_ring.a -l:librte_eal.a -l:librte_telemetry.a -l:librte_kvargs.a
  numa bsd dl Threads::Threads)
