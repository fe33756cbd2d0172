#pragma once
// A port on ethdev devices: kernel bypass (DESIGN.md, decisions 2, 4 and 11).

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/port/dpdk/endpoints.h"
#include "dataplane/port/dpdk/host.h"
#include "dataplane/port/dpdk/path_mtu.h"
#include "dataplane/port/dpdk/reassembly.h"
#include "dataplane/port/dpdk/receiver.h"
#include "dataplane/port/dpdk/rest.h"
#include "dataplane/port/dpdk/sender.h"
#include "dataplane/port/icmp_error_queue.h"

namespace penstock::port {

/// Implements Port for one worker. A relayed port is an entry in a table, a path a next hop of the kernel's.
class DpdkPort final : public Port {
 public:
  /// `host` is started and outlives the port; made on the thread of worker number `worker`.
  static tl::expected<std::unique_ptr<DpdkPort>, std::string> create(DpdkHost& host, std::uint16_t worker);
  ~DpdkPort() override;

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
  const net::Endpoint& local_endpoint(net::LocalId local) const override { return endpoints_[local].endpoint; }
  const ReassemblyCounters& reassembly_counters() const { return reassembly_->counters(); }
  std::size_t take_icmp_errors(std::span<IcmpError> out) override { return icmp_errors_.take(out); }
  void wait(std::uint64_t timeout_ns) override;
  void wake() override { host_.handoff().waker(worker_).wake(); }
  void discard_pending() override { sender_->discard_pending(); }
  const PortCounters& counters() const override { return counters_; }

 private:
  DpdkPort(DpdkHost& host, std::uint16_t worker, std::unique_ptr<ForwardingView> view);
  tl::expected<void, std::string> set_up();

  void account_fragments();
  tl::expected<net::LocalId, BindError> take_place(const net::Endpoint& local, Slot slot, BindOptions options);

  DpdkHost& host_;
  std::uint16_t worker_;
  PortCounters counters_;
  Endpoints endpoints_;
  std::vector<net::LocalId> shared_;  ///< our local ids of shared endpoints, by their number
  IcmpErrorQueue icmp_errors_;
  PathMtus path_mtus_;
  std::unique_ptr<ForwardingView> view_;
  Reassembly::Drops fragment_drops_;
  std::unique_ptr<Reassembly> reassembly_;
  std::unique_ptr<DpdkSender> sender_;
  std::unique_ptr<DpdkReceiver> receiver_;
  Rest rest_;
  std::uint64_t now_ns_ = 0;
};

}  // namespace penstock::port
