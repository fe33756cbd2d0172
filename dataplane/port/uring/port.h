#pragma once
// The port of any Linux host: kernel sockets through io_uring, with trains in (UDP_GRO) and out (UDP_SEGMENT).

#include <memory>
#include <string>
#include <tl/expected.hpp>

#include "dataplane/net/packet_pool.h"
#include "dataplane/port/port.h"
#include "dataplane/port/uring/error_queue.h"
#include "dataplane/port/uring/options.h"
#include "dataplane/port/uring/receiver.h"
#include "dataplane/port/uring/ring.h"
#include "dataplane/port/uring/sender.h"
#include "dataplane/port/uring/slab_ring.h"
#include "dataplane/port/uring/socket_table.h"
#include "dataplane/port/waker.h"

namespace penstock::port {

/// Implements Port over sockets. May be created and bound on one thread and used on another: the first receive(),
/// transmit() or wait() makes its thread the port's. Packets may be freed on any thread, but all before the port is
/// destroyed. A local endpoint should be an address of its own: answers from 0.0.0.0 or :: leave with whatever source
/// address the route prefers.
class UringPort final : public Port {
 public:
  /// The error is a sentence that says what to do. start_environment() comes first.
  static tl::expected<std::unique_ptr<UringPort>, std::string> create(const UringOptions& options);
  ~UringPort() override;

  void receive(net::Burst& burst) override;
  void transmit(net::Burst& burst) override;
  tl::expected<net::LocalId, BindError> bind(const net::Endpoint& local, BindOptions options) override;
  void unbind(net::LocalId local) override;
  tl::expected<DetachedLocal, BindError> reserve(const net::Endpoint& local, BindOptions options) override;
  tl::expected<net::LocalId, BindError> attach(const DetachedLocal& detached) override;
  void discard(const DetachedLocal& detached) override;
  tl::expected<DetachedLocal, BindError> lend(net::LocalId local) override;
  tl::expected<net::LocalId, BindError> borrow(const DetachedLocal& lent) override;
  net::PathId resolve(net::LocalId local, const net::Endpoint& remote) override;
  const net::Endpoint& local_endpoint(net::LocalId local) const override { return sockets_[local].endpoint; }
  std::size_t take_icmp_errors(std::span<IcmpError> out) override { return icmp_errors_.take(out); }
  void wait(std::uint64_t timeout_ns) override;
  void wake() override { waker_.wake(); }
  const PortCounters& counters() const override { return counters_; }

 private:
  UringPort(const UringOptions& options, net::PacketPool pool, Ring receive_ring, Ring send_ring);

  void start();
  net::LocalId add_socket(const DetachedLocal& detached);

  const UringOptions options_;
  PortCounters counters_;
  net::PacketPool pool_;
  Waker waker_;
  SocketTable sockets_;
  IcmpErrorQueue icmp_errors_;
  std::unique_ptr<SlabRing> slabs_;  // before the rings: the kernel lets go of slabs when its ring is gone
  Ring receive_ring_;
  Ring send_ring_;
  std::unique_ptr<UringReceiver> receiver_;
  std::unique_ptr<UringSender> sender_;
  bool started_ = false;
};

}  // namespace penstock::port
