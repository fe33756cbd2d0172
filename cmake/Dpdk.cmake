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

# Ethernet devices: every network driver of Debian's DPDK that runs on ordinary hosts, linked in, so that any of them
# can be named by PCI address or device string. Only the programs that open devices link this.
set(drivers
  bus_pci bus_vdev bus_auxiliary bus_vmbus common_iavf common_mlx5 common_sfc_efx common_idpf
  net_af_packet net_af_xdp net_atlantic net_avp net_axgbe net_bnxt net_bond net_cxgbe net_e1000 net_ena net_enic
  net_failsafe net_fm10k net_gve net_hinic net_hns3 net_i40e net_iavf net_ice net_igc net_ionic net_ixgbe net_mana
  net_memif net_mlx4 net_mlx5 net_netvsc net_nfp net_ngbe net_null net_qede net_ring net_sfc net_thunderx net_txgbe
  net_vdev_netvsc net_virtio net_vmxnet3)
foreach(driver ${drivers})
  find_library(PENSTOCK_DRIVER_${driver} NAMES librte_${driver}.a)
  mark_as_advanced(PENSTOCK_DRIVER_${driver})
  if(PENSTOCK_DRIVER_${driver}) # some exist on one architecture only
    list(APPEND driver_archives ${PENSTOCK_DRIVER_${driver}})
  endif()
endforeach()
# ethdev whole, too: the device class "eth", by which devices are found, registers itself in a constructor.
find_library(PENSTOCK_ETHDEV NAMES librte_ethdev.a REQUIRED)
mark_as_advanced(PENSTOCK_ETHDEV)
list(APPEND driver_archives ${PENSTOCK_ETHDEV})
list(JOIN driver_archives "," driver_archives)
add_library(penstock_dpdk_devices INTERFACE)
target_link_libraries(penstock_dpdk_devices INTERFACE
  penstock_dpdk
  # One word, or CMake would merge it with penstock_dpdk's own whole archive.
  -Wl,--whole-archive,${driver_archives},--no-whole-archive
  -Wl,--start-group -l:librte_ethdev.a -l:librte_net.a -l:librte_hash.a -l:librte_rcu.a -l:librte_meter.a
  -l:librte_pci.a -l:librte_timer.a -l:librte_security.a -l:librte_cryptodev.a -l:librte_vhost.a -l:librte_dmadev.a
  -l:librte_sched.a -l:librte_gso.a -l:librte_ip_frag.a -l:librte_eventdev.a
  -l:librte_mbuf.a -l:librte_mempool.a -l:librte_ring.a -l:librte_eal.a -l:librte_telemetry.a -l:librte_kvargs.a
  -Wl,--end-group
  ibverbs mlx5 mlx4 xdp bpf elf z pcap atomic numa bsd m dl Threads::Threads)
