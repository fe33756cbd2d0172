#pragma once
// Completions to packets: the receiving half of the io_uring port.

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/net/burst.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/port/uring/arrival.h"
#include "dataplane/port/uring/error_queue.h"
#include "dataplane/port/uring/ring.h"
#include "dataplane/port/uring/slab_ring.h"
#include "dataplane/port/uring/socket_table.h"
#include "dataplane/port/waker.h"

namespace penstock::port {

/// Holds one multishot recvmsg per socket in the kernel and makes packets of what completes.
class UringReceiver {
 public:
  UringReceiver(Ring& ring, SlabRing& slabs, net::PacketPool& pool, SocketTable& sockets, IcmpErrorQueue& icmp_errors,
                Waker& waker, PortCounters& counters);
  ~UringReceiver();

  /// Makes the calling thread the receiving one.
  void start();

  /// Queues `local` for receiving, from the next receive() or sleep() on.
  void add(net::LocalId local) { to_arm_.push_back({local, sockets_[local].generation, true}); }
  /// Ends receiving from `local` and closes its descriptor, from the next receive(), sleep() or flush() on.
  void remove(net::LocalId local);
  /// Makes ends and closes that are queued happen now. False when there are none.
  bool flush();

  /// Appends what has arrived.
  void receive(net::Burst& burst);
  /// Sleeps until a completion, a wake or the timeout.
  void sleep(std::uint64_t timeout_ns);

 private:
  /// A socket that has no receive in the kernel.
  struct Unarmed {
    net::LocalId local;
    std::uint32_t generation;
    bool fresh;  ///< nothing has arrived yet: wait for the first datagram without looking
  };

  std::uint32_t slabs_ahead() const;
  void arm_sockets();
  bool arm(const Unarmed& unarmed);
  void arm_wake();
  void reap(net::Burst& burst);
  void on_completion(const io_uring_cqe& completion, net::Burst& burst);
  void on_receive(const io_uring_cqe& completion, net::Burst& burst);
  void on_end(Socket* socket, net::LocalId local, int result);
  bool parse(std::uint16_t slab, std::size_t size, Socket& socket, net::LocalId local);
  void deliver(net::Burst& burst);
  void drop_rest();
  std::uint64_t pass_time();

  Ring& ring_;
  SlabRing& slabs_;
  net::PacketPool& pool_;
  SocketTable& sockets_;
  IcmpErrorQueue& icmp_errors_;
  Waker& waker_;
  PortCounters& counters_;

  msghdr shape_v4_{};  // what a receive leaves room for
  msghdr shape_v6_{};
  std::vector<Unarmed> to_arm_;
  std::vector<Unarmed> to_arm_later_;  // their receive failed for no reason we know: not before later_ns_
  std::uint64_t later_ns_ = 0;
  bool wake_armed_ = false;

  Arrival arrival_;              // the receive being delivered
  std::uint32_t delivered_ = 0;  // of its datagrams
  std::uint32_t datagrams_ = 0;  // delivered_ < datagrams_: the rest did not fit the burst
  std::uint16_t last_train_ = 0;
  std::uint64_t pass_ns_ = 0;
  std::int64_t average_size_ = 0;  // bytes a receive brought lately
};

}  // namespace penstock::port
