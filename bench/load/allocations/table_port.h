#pragma once
// A port on which a relayed port is a table entry: what allocations cost when no socket is behind them.

#include <cstdint>
#include <vector>

#include "dataplane/net/burst.h"
#include "dataplane/port/port.h"

namespace penstock::load {

/// Hands the worker the packets it is given and keeps those it is handed, so that reading and writing them is outside
/// of every pass. One thread.
class TablePort final : public port::Port {
 public:
  /// `addresses`: what can be bound; `locals`: how many endpoints at once. Nothing is allocated later.
  TablePort(const std::vector<net::Address>& addresses, std::uint32_t locals);
  ~TablePort() override;

  // The far side.

  /// What the next receive() returns; the port owns it.
  net::Burst& arriving() { return arriving_; }
  /// What has been sent, for the caller to read and free.
  std::vector<net::Packet*>& departed() { return departed_; }
  /// What a bound endpoint takes.
  static constexpr std::size_t kEntryBytes = sizeof(net::Endpoint) + 2 * sizeof(net::LocalId);

  // Port.
  void receive(net::Burst& burst) override;
  void transmit(net::Burst& burst) override;
  tl::expected<net::LocalId, port::BindError> bind(const net::Endpoint& local, port::BindOptions options) override;
  void unbind(net::LocalId local) override;
  tl::expected<port::DetachedLocal, port::BindError> reserve(const net::Endpoint& local,
                                                             port::BindOptions options) override;
  tl::expected<net::LocalId, port::BindError> attach(const port::DetachedLocal& detached) override;
  void discard(const port::DetachedLocal&) override {}
  net::PathId resolve(net::LocalId local, const net::Endpoint&) override { return local; }
  const net::Endpoint& local_endpoint(net::LocalId local) const override { return locals_[local]; }
  std::size_t take_icmp_errors(std::span<port::IcmpError>) override { return 0; }
  void wait(std::uint64_t) override {}
  void wake() override {}
  const port::PortCounters& counters() const override { return counters_; }

 private:
  struct Address {
    net::Address address;
    std::vector<net::LocalId> by_port;
  };
  net::LocalId* slot(const net::Endpoint& endpoint);

  std::vector<net::Endpoint> locals_;  // by id
  std::vector<net::LocalId> free_;
  std::vector<Address> addresses_;
  net::Burst arriving_;
  std::vector<net::Packet*> departed_;
  port::PortCounters counters_;
};

}  // namespace penstock::load
