#pragma once
// The roads between the workers' ports, below the services: packets that arrived at a queue whose worker is not their
// owner, and frames for a device's transmit queue that another worker has.

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/net/mailbox.h"
#include "dataplane/net/packet.h"
#include "dataplane/port/waker.h"

namespace penstock::port {

/// What a packet on such a road is.
enum class HandoffKind : std::uint64_t {
  datagram,        ///< delivered as far as it can be: PacketInfo::flow holds the Slot of its destination
  frame,           ///< an untouched frame, to be looked at by its owner (fragments, ICMP errors)
  path_mtu,        ///< such a frame that every worker gets, to read only: an ICMP error that tells a path's MTU
  outgoing,        ///< a packet as a finished frame for the device rte_mbuf::port
  outgoing_extra,  ///< such a frame that is no packet in the balance: a later piece of one
};

struct HandedOff {
  net::Packet* packet;
  HandoffKind kind;
};

/// A bounded lane per pair of workers, and what wakes each worker.
class Handoff {
 public:
  static tl::expected<std::unique_ptr<Handoff>, std::string> create(std::uint16_t workers, unsigned capacity);
  ~Handoff() { discard(); }

  std::uint16_t workers() const { return workers_; }

  /// Worker `from`: false when the lane is full.
  bool send(std::uint16_t from, std::uint16_t to, const HandedOff& item) { return lane(from, to).send(item); }
  /// Worker `to`: takes what `from` sent.
  unsigned take(std::uint16_t from, std::uint16_t to, std::span<HandedOff> out) { return lane(from, to).take(out); }

  /// Frees what is under way; when no worker runs any more.
  void discard();

  Waker& waker(std::uint16_t worker) { return *wakers_[worker]; }

 private:
  explicit Handoff(std::uint16_t workers) : workers_(workers) {}
  net::Mailbox<HandedOff>& lane(std::uint16_t from, std::uint16_t to) { return lanes_[from * workers_ + to]; }

  std::uint16_t workers_;
  std::vector<net::Mailbox<HandedOff>> lanes_;  // a worker's lane to itself stays empty
  std::vector<std::unique_ptr<Waker>> wakers_;
};

}  // namespace penstock::port
