#pragma once
// A device as the operator names it: "DEVICE[;KEY=VALUE]...".
//
//   0000:01:00.0                       a NIC by PCI address, DPDK's own arguments after a comma
//   net_af_xdp,iface=eth1              a kernel interface, shared with the kernel
//   net_memif,role=client,id=0         shared memory
//
// Keys are for devices the kernel cannot see: tap=NAME, address=PREFIX (several), gateway=ADDRESS (several),
// mtu=BYTES. Any device: queues=N, at most N receive and transmit queues.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/address.h"
#include "dataplane/port/kernel/interface_address.h"

namespace penstock::port {

struct DeviceSpec {
  std::string text;       ///< as written
  std::string arguments;  ///< for DPDK
  std::string tap;        ///< name of the tap; empty: chosen
  std::vector<InterfaceAddress> addresses;
  std::vector<net::Address> gateways;
  std::uint16_t mtu = 0;     ///< 0: the device's
  std::uint16_t queues = 0;  ///< 0: one for each worker

  /// A NIC by PCI address, as against a device that DPDK makes.
  bool is_pci() const;
  /// The kernel interface behind net_af_xdp or net_af_packet, else empty.
  std::string_view kernel_interface() const;
  /// "net_af_xdp", or the PCI address.
  std::string_view device() const { return std::string_view(arguments).substr(0, arguments.find(',')); }
};

/// The error is a sentence that names the text and what is wrong with it.
tl::expected<DeviceSpec, std::string> parse_device_spec(std::string_view text);

}  // namespace penstock::port
