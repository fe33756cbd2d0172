#pragma once
// What a service may use of the worker it runs on: its clock, port, flows, pools, and the ways a packet can end.

#include <cstdint>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "dataplane/engine/counters.h"
#include "dataplane/engine/flow_table.h"
#include "dataplane/engine/post_office.h"
#include "dataplane/engine/service.h"
#include "dataplane/net/packet_pool.h"
#include "dataplane/port/port.h"

namespace penstock::engine {

struct ShardOptions {
  std::uint16_t worker = 0;
  std::uint16_t workers = 1;
  std::uint32_t flows = 1U << 16;
  std::uint32_t locals = 1U << 16;      ///< endpoints that its port may have bound at once
  std::uint32_t answer_packets = 2048;  ///< packets with a buffer, for what this worker originates
};

/// One worker's share of everything. Used by its own thread only, except counters() and the inbox.
class Shard {
 public:
  /// Largest datagram a worker originates.
  static constexpr std::size_t kAnswerSize = 2048;

  static tl::expected<std::unique_ptr<Shard>, std::string> create(const ShardOptions& options,
                                                                  std::unique_ptr<port::Port> port,
                                                                  PostOffice& post_office);
  ~Shard();

  std::uint16_t worker() const { return options_.worker; }
  std::uint16_t workers() const { return options_.workers; }
  /// Monotonic nanoseconds, read once per pass.
  std::uint64_t now_ns() const { return now_ns_; }
  void set_now(std::uint64_t now_ns) { now_ns_ = now_ns; }

  port::Port& port() { return *port_; }
  FlowTable& flows() { return flows_; }
  WorkerCounters& counters() { return counters_; }

  /// Says which service gets what arrives at `local` without a flow.
  void claim(net::LocalId local, ServiceId service);
  void unclaim(net::LocalId local);
  ServiceId owner(net::LocalId local) const { return local < owners_.size() ? owners_[local] : ServiceId::none; }

  // The ways a packet can end. Each takes ownership and counts.
  /// info.local, info.remote and info.path say where to. Leaves with the pass's transmit.
  void send(net::Packet* p) {
    if (outgoing_.full()) port_->transmit(outgoing_);
    outgoing_.push(p);
  }
  void drop(net::Packet* p, net::Drop reason) {
    counters_.dropped[static_cast<std::size_t>(reason)].add();
    net::free(p);
  }
  void consume(net::Packet* p) {
    counters_.consumed.add();
    net::free(p);
  }
  /// To another worker's service; dropped and counted when its mailbox is full.
  void hand_over(net::Packet* p, std::uint16_t worker, ServiceId service);

  /// A fresh packet with an empty payload and kAnswerSize bytes of room, or nullptr (count Drop::pool_empty). Counted
  /// as originated.
  net::Packet* originate();

  /// To another worker, or to control (kControl). False when its mailbox is full: keep what you have and try again.
  bool post(std::uint16_t worker, const Message& message);

  /// Another worker was given something by a lane of the service's own: it is woken at the end of the pass.
  void wake(std::uint16_t worker) {
    to_wake_[worker] = 1;
    wakes_pending_ = true;
  }

  /// What came by a lane of the service's own were packets: the pass counts as one that had some.
  void count_as_busy() { busy_ = true; }
  bool take_busy() { return std::exchange(busy_, false); }

  Inbox& inbox() { return post_office_->inbox(options_.worker); }
  net::Burst& outgoing() { return outgoing_; }
  /// Once per pass: wakes the workers that were sent something.
  void wake_others();
  void update_gauges();
  /// Frees what is in the mailbox and the outgoing burst; at the end, when the loop runs no more.
  void discard_pending();

 private:
  Shard(const ShardOptions& options, std::unique_ptr<port::Port> port, PostOffice& post_office,
        net::PacketPool answers);

  ShardOptions options_;
  std::unique_ptr<port::Port> port_;
  PostOffice* post_office_;
  net::PacketPool answers_;
  FlowTable flows_;
  WorkerCounters counters_;
  std::vector<ServiceId> owners_;
  net::Burst outgoing_;
  std::vector<std::uint8_t> to_wake_;  ///< by worker
  bool wakes_pending_ = false;
  bool busy_ = false;
  std::uint64_t now_ns_ = 0;
  std::uint64_t gauges_until_ns_ = 0;
};

}  // namespace penstock::engine
