#pragma once
// Packets to frames: the sending half of the DPDK port.

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/net/burst.h"
#include "dataplane/net/frame_headers.h"
#include "dataplane/port/dpdk/endpoints.h"
#include "dataplane/port/dpdk/fragment.h"
#include "dataplane/port/dpdk/host.h"
#include "dataplane/port/dpdk/path_mtu.h"
#include "dataplane/port/dpdk/waiting_room.h"
#include "dataplane/port/icmp_error_queue.h"
#include "dataplane/port/kernel/forwarding_view.h"

namespace penstock::port {

class DpdkSender {
 public:
  /// Everything given outlives the sender.
  DpdkSender(DpdkHost& host, std::uint16_t worker, const Endpoints& endpoints, ForwardingView& view,
             IcmpErrorQueue& icmp_errors, PathMtus& path_mtus, PortCounters& counters);
  ~DpdkSender() { discard_pending(); }

  /// Each packet is sent, held until its next hop is resolved, or dropped by name; clears the burst.
  void transmit(net::Burst& burst, std::uint64_t now_ns);
  /// Once per pass: packets whose next hop has an answer, or has had time enough to give one, and frames of the kernel.
  /// `changed`: routes or hops did. True when there was anything.
  bool advance(bool changed, std::uint64_t now_ns);
  /// A finished frame of a worker without a transmit queue on rte_mbuf::port.
  void send_for_another(net::Packet* frame, bool is_packet);
  /// Frees what waits, and what no transmit took.
  void discard_pending();
  std::uint32_t held() const { return waiting_.size(); }

 private:
  /// Frames for one device, on their way to its queue.
  struct Exit {
    Device* device;
    std::uint16_t queue;  ///< that this worker, or `worker`, has
    std::uint16_t worker;
    ExceptionPath* from_kernel;  ///< this worker sends what the kernel wants on the wire; else nullptr
    std::uint32_t size = 0;
    std::array<net::Packet*, net::kBurstCapacity> frames{};
    std::array<bool, net::kBurstCapacity> is_packet{};
  };
  // A queue that is full has this many chances to move before what is left is dropped.
  static constexpr unsigned kTries = 8;

  void send(net::Packet* p);
  bool send_if_resolved(net::Packet* p, bool late);
  void send_through(net::Packet* p, const LocalEndpoint& local, const Hop& hop, const Interface& interface);
  void send_in_pieces(net::Packet* p, const net::LinkHeader& link, const net::DatagramHeader& header, std::uint32_t mtu,
                      Exit& exit);
  std::uint16_t next_fragment_id();
  void refuse_too_big(net::Packet* p, std::uint32_t mtu);
  bool gather(net::Packet* p, std::size_t headers);
  void put(net::Packet* frame, Exit& exit, bool is_packet);
  std::uint32_t to_queue(Exit& exit);
  std::uint32_t to_worker(Exit& exit);
  void flush(Exit& exit);
  void flush_all();
  void send_injected(Exit& exit);
  void drop(net::Packet* p, net::Drop reason);
  net::Drop reason_of(NoPath why) const;

  std::uint16_t worker_;
  const Endpoints& endpoints_;
  ForwardingView& view_;
  IcmpErrorQueue& icmp_errors_;
  PathMtus& path_mtus_;
  Handoff& handoff_;
  net::PacketPool& pool_;
  PortCounters& counters_;
  std::vector<std::unique_ptr<Exit>> exits_;  // by device
  bool sums_ = false;                         // there is a device that leaves checksums to us
  WaitingRoom waiting_;
  std::uint64_t retry_ns_ = 0;
  std::uint64_t now_ns_ = 0;
  std::uint16_t workers_;
  std::uint16_t ip_id_;
  std::uint16_t fragment_id_;
};

}  // namespace penstock::port
