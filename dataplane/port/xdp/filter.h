#pragma once
// Which UDP ports an interface gives to us, while everything else on it stays the kernel's. Our XDP program
// (steer.bpf.c) asks a bitmap in memory that the kernel and this process share, so opening a port is one store.

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"
#include "dataplane/port/xdp/attachment.h"
#include "dataplane/port/xdp/program_file.h"
#include "dataplane/port/xdp/steering.h"

namespace penstock::port {

/// Frames, since the program was attached.
struct XdpCounters {
  std::uint64_t taken = 0;            ///< given to our sockets
  std::uint64_t taken_fragments = 0;  ///< of those, fragments
  std::uint64_t taken_errors = 0;     ///< of those, ICMP errors
  std::uint64_t unserved = 0;         ///< ours, but no socket serves their receive queue: left to the kernel
  std::uint64_t passed = 0;           ///< the kernel's
};

/// The filter of one interface. In this order: create(), prepare(), the driver with xdp_prog=program_path(), connect(),
/// add_address(); then open() and close() from any thread. Destroying it gives all traffic back to the kernel.
class XdpFilter {
 public:
  /// Fails with the reason and the remedy where this process or kernel cannot run the program.
  static tl::expected<std::unique_ptr<XdpFilter>, std::string> create();
  ~XdpFilter();

  /// What the driver opens: net_af_xdp's xdp_prog= argument. Valid as long as the filter.
  const std::string& program_path() const { return program_path_; }

  /// Claims `interface` (index) before the driver gets it; see Attachment::claim. Returns what was cleared away there,
  /// for the log, or nothing.
  tl::expected<std::string, std::string> prepare(unsigned interface);

  /// Finds the program that the driver loaded and attached to `interface`, once its queues are set up. No port is
  /// open then. Calls prepare()'s claim its own, or makes one.
  tl::expected<void, std::string> connect(unsigned interface);

  /// Makes an address ours, with no port open, and returns its index for open() and close(). The same address has the
  /// same index again. At most 256.
  tl::expected<std::uint8_t, std::string> add_address(const net::Address& address);

  /// Datagrams to this port of an address are ours from the next frame on. From any thread; no system call.
  void open(std::uint8_t address, std::uint16_t port) { word(address, port).fetch_or(bit(port), kOrder); }
  /// They are the kernel's again.
  void close(std::uint8_t address, std::uint16_t port) { word(address, port).fetch_and(~bit(port), kOrder); }

  /// From any thread.
  XdpCounters counters() const;

  /// The kernel runs the program on packets of its own making ("generic") because the interface's driver has no XDP.
  bool is_generic() const { return generic_; }

 private:
  static constexpr auto kOrder = std::memory_order_relaxed;

  explicit XdpFilter(ProgramFile file) : file_(std::move(file)), program_path_(file_.path()) {}

  std::atomic_ref<std::uint64_t> word(std::uint8_t address, std::uint16_t port) {
    return std::atomic_ref(ports_[address].words[port / 64]);
  }
  static std::uint64_t bit(std::uint16_t port) { return std::uint64_t{1} << (port % 64); }
  tl::expected<void, std::string> map_ports(int map);

  ProgramFile file_;
  std::string program_path_;
  std::optional<Attachment> attachment_;
  Descriptor addresses_map_;
  Descriptor counters_map_;
  penstock_xdp_ports* ports_ = nullptr;  // shared with the kernel, PENSTOCK_XDP_ADDRESSES of them
  std::map<net::Address, std::uint8_t> addresses_;
  bool generic_ = false;
};

}  // namespace penstock::port
