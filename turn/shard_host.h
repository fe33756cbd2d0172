#pragma once
// What the protocol code asks for, on a shard of the engine.

#include "dataplane/engine/shard.h"
#include "dataplane/net/mailbox.h"
#include "turn/host.h"
#include "turn/records.h"

namespace penstock::turn {

class ShardHost final : public Host {
 public:
  ShardHost(engine::Shard& shard, net::Mailbox<EndedRecord>* records) : shard_(shard), records_(records) {}

  tl::expected<net::LocalId, port::BindError> bind(const net::Endpoint& relayed) override;
  void unbind(net::LocalId local) override;
  void silence(net::LocalId local) override;
  tl::expected<port::DetachedLocal, port::BindError> reserve(const net::Endpoint& relayed) override;
  tl::expected<net::LocalId, port::BindError> attach(const port::DetachedLocal& detached) override;
  void discard(const port::DetachedLocal& detached) override;
  net::PathId resolve(net::LocalId local, const net::Endpoint& remote) override;
  const net::Endpoint& local_endpoint(net::LocalId local) const override;
  bool post(std::uint16_t worker, const engine::Message& message) override;
  bool record(const EndedRecord& ended) override;
  bool answer(const FiveTuple& client, net::PathId path, std::span<const std::uint8_t> message) override;

 private:
  engine::Shard& shard_;
  net::Mailbox<EndedRecord>* records_;
};

}  // namespace penstock::turn
