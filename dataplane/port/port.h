#pragma once
// How datagrams enter and leave a worker. One virtual call per burst is the most this boundary costs.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"
#include "dataplane/net/burst.h"
#include "dataplane/net/counter.h"
#include "dataplane/net/drop.h"

namespace penstock::port {

/// The largest UDP payload that fits an IPv4 packet; IPv6 is held to the same.
inline constexpr std::size_t kMaxPayload = 65507;

enum class BindError : std::uint8_t {
  in_use,        ///< somebody has that port; try another
  no_address,    ///< the address is not this host's
  no_resources,  ///< descriptors, table entries or memory are used up
};

struct BindOptions {
  /// Share the port with the same endpoint of the other workers; clients are spread over them by the kernel or NIC.
  bool shared = false;
  /// Deliver ICMP errors for what leaves from here as events.
  bool icmp_errors = false;
  /// Many clients' packets queue there at once, both ways, as on a shared one: it gets the large kernel buffers.
  bool crowded = false;
};

/// An ICMP error about a datagram that left from `local` towards `remote`.
struct IcmpError {
  net::LocalId local = net::kNoLocal;
  net::Endpoint remote;
  std::uint8_t type = 0;
  std::uint8_t code = 0;
  std::uint32_t data = 0;  ///< the next-hop MTU of "too big"/"fragmentation needed", else 0
};

/// A bound endpoint between two workers: bound, but not received from. Move it with detach and attach.
struct DetachedLocal {
  net::Endpoint endpoint;
  BindOptions options;
  std::uint64_t handle = 0;  ///< the port's own: a descriptor on uring
};

/// What a port counts; the packet equation needs all of it.
struct PortCounters {
  net::Counter received_packets, received_bytes;  // UDP payload; dropped[rx_*] are part of it, the rest was delivered
  net::Counter sent_packets, sent_bytes;
  net::Counter received_trains, sent_trains;  // receives and sends that carried more than one packet
  net::Counter receives, sends;               // operations: completions, submissions or descriptors
  net::Counter kernel_drops;                  // SO_RXQ_OVFL or the device's own count: lost before us
  net::Counter rearmed;                       // receives that had to be started again
  net::Counter train_fallbacks;               // trains sent singly: kernel or device refused UDP_SEGMENT
  net::Counter slabs_free, slabs_total;       // gauges
  net::Counter locals;                        // gauge: bound endpoints
  // Below the service, between the workers' ports (DPDK): packets that arrived at their owner, that were handed to it,
  // and that came that way. A packet whose owner's ring was full is dropped as handoff_full.
  net::Counter same_worker, handed_over, taken_over;
  net::Counter held;  // gauge: packets that wait for their next hop's address
  // Where the port itself puts IP fragments together (DPDK); those that fail are dropped[fragment_*].
  net::Counter fragments, fragment_duplicates, reassembled;
  net::Counter in_pieces;  // gauge: datagrams whose fragments have not all come
  std::array<net::Counter, net::kDropCount> dropped;
};

/// One worker's way to the network. Used by its worker's thread only, except wake().
class Port {
 public:
  virtual ~Port() = default;

  /// Appends arrived packets to `burst`, as many as fit, without blocking. The worker owns them from then on.
  virtual void receive(net::Burst& burst) = 0;

  /// Sends every packet, from info.local to info.remote over info.path, and clears the burst. Owns the packets from
  /// the call on: each is counted as sent or dropped by name. Packets of one flow keep their order; equal-sized ones of
  /// one flow leave as a train where the kernel or device can.
  virtual void transmit(net::Burst& burst) = 0;

  /// Opens `local` for receiving and sending. Port 0 is not a wildcard and not allowed.
  virtual tl::expected<net::LocalId, BindError> bind(const net::Endpoint& local, BindOptions options) = 0;
  /// Closes it. Packets already received stay valid; the id may be reused by the next bind.
  virtual void unbind(net::LocalId local) = 0;

  /// Binds without receiving, for a port that is reserved (EVEN-PORT) and perhaps claimed on another worker.
  virtual tl::expected<DetachedLocal, BindError> reserve(const net::Endpoint& local, BindOptions options) = 0;
  /// Makes a reserved endpoint this worker's. Takes it over in every case; on error it is closed.
  virtual tl::expected<net::LocalId, BindError> attach(const DetachedLocal& detached) = 0;
  /// Closes a reserved endpoint that nobody claimed.
  virtual void discard(const DetachedLocal& detached) = 0;

  /// What another worker's port needs to send from `local`, which stays this worker's. The handle is borrowed: `local`
  /// is not unbound as long as anybody has it.
  virtual tl::expected<DetachedLocal, BindError> lend(net::LocalId) { return tl::unexpected(BindError::no_resources); }
  /// An endpoint that another worker's port has bound and lent: to send from. Nothing is received on it here.
  /// unbind() gives it back.
  virtual tl::expected<net::LocalId, BindError> borrow(const DetachedLocal&) {
    return tl::unexpected(BindError::no_resources);
  }

  /// Finds the way from `local` to `remote`; keep it in the flow. kNoPath when there is none (family mismatch).
  virtual net::PathId resolve(net::LocalId local, const net::Endpoint& remote) = 0;

  /// The endpoint that `local` was bound to.
  virtual const net::Endpoint& local_endpoint(net::LocalId local) const = 0;

  /// Moves out ICMP errors that arrived; returns how many were written.
  virtual std::size_t take_icmp_errors(std::span<IcmpError> out) = 0;

  /// Sleeps until there may be something to receive, wake() is called, or `timeout_ns` has passed. May return early.
  virtual void wait(std::uint64_t timeout_ns) = 0;
  /// Ends the current or the next wait(). From any thread.
  virtual void wake() = 0;

  /// Frees the packets it holds, sent or not. At the end: its worker runs no more, and packets of other workers' pools
  /// may be among them.
  virtual void discard_pending() {}

  virtual const PortCounters& counters() const = 0;
};

}  // namespace penstock::port
