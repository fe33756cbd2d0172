#pragma once
// Frames to packets: the receiving half of the DPDK port. Each frame goes to the worker that owns its destination, to
// the kernel, or is dropped by name.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/net/burst.h"
#include "dataplane/net/frame.h"
#include "dataplane/port/dpdk/endpoints.h"
#include "dataplane/port/dpdk/fragment.h"
#include "dataplane/port/dpdk/host.h"
#include "dataplane/port/dpdk/path_mtu.h"
#include "dataplane/port/dpdk/reassembly.h"
#include "dataplane/port/dpdk/sender.h"
#include "dataplane/port/icmp_error_queue.h"

namespace penstock::port {

class DpdkReceiver {
 public:
  /// Everything given outlives the receiver.
  DpdkReceiver(DpdkHost& host, std::uint16_t worker, const Endpoints& endpoints,
               const std::vector<net::LocalId>& shared, Reassembly& reassembly, IcmpErrorQueue& icmp_errors,
               PathMtus& path_mtus, DpdkSender& sender, PortCounters& counters);

  /// Appends what arrived, from other workers and from the device queues of this one. True when there was anything,
  /// also if it was not for the burst.
  bool receive(net::Burst& burst, std::uint64_t now_ns);

 private:
  // Frames looked at together, so that one's memory is fetched while another is taken apart.
  static constexpr std::uint16_t kChunk = 64;

  struct Source {
    Device* device;
    std::uint16_t queue;
    bool trusted;              ///< a client's packets always come to the same queue, so its worker owns the client
    ExceptionPath* to_kernel;  ///< nullptr: the kernel has everything else already
  };

  bool take_handed_off(net::Burst& burst);
  void poll(const Source& source, net::Burst& burst);
  void take_apart(std::span<net::Packet*> packets, const Source& source, net::Burst& burst);
  void steer(net::Packet* p, const net::Frame& frame, const Source& source, net::Burst& burst);
  void steer_datagram(net::Packet* p, const net::Frame& frame, Slot slot, const Source& source, net::Burst& burst);
  void steer_icmp_error(net::Packet* p, const net::Frame& frame, const Source& source);
  void tell_path_mtu(net::Packet* p, const net::Frame& frame);
  void learn_path_mtu(const net::Frame& frame);
  void steer_fragment(net::Packet* p, const net::Frame& frame, const Source& source, net::Burst& burst);
  void take(const HandedOff& item, net::Burst& burst);
  void take_frame(net::Packet* p, net::Burst& burst);
  void take_datagram(net::Packet* p, net::Burst& burst);
  bool to_payload(net::Packet* p, const net::Frame& frame);
  void hand_off(net::Packet* p, std::uint16_t worker, HandoffKind kind);
  void punt(net::Packet* p, const Source& source);
  void punt_in_pieces(const net::Packet* p, const Source& source);
  /// A frame that was not counted as received yet; a packet that was.
  void drop(net::Packet* p, net::Drop reason);
  void drop_received(net::Packet* p, net::Drop reason);
  void wake_others();
  std::uint16_t owner_of_client(const net::Endpoint& remote, const Source& source) const;
  const Source& source_of(const net::Packet* p) const { return by_device_[p->port]; }

  std::uint16_t worker_;
  std::uint16_t workers_;
  const Endpoints& endpoints_;
  const std::vector<net::LocalId>& shared_;
  LocalTable& locals_;
  Handoff& handoff_;
  net::PacketPool& pool_;
  Reassembly& reassembly_;
  IcmpErrorQueue& icmp_errors_;
  PathMtus& path_mtus_;
  DpdkSender& sender_;
  PortCounters& counters_;
  std::array<net::Frame, kChunk> frames_;  ///< of the chunk at hand
  std::vector<Source> sources_;            ///< the queues of this worker
  std::vector<Source> by_device_;          ///< for frames that other workers received
  std::size_t first_source_ = 0;           ///< served first, in turn
  std::vector<std::uint8_t> to_wake_;      ///< by worker
  bool wakes_pending_ = false;
  std::uint64_t now_ns_ = 0;
};

}  // namespace penstock::port
