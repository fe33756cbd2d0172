#include "turn/shard_host.h"

#include <algorithm>

namespace penstock::turn {
namespace {

constexpr port::BindOptions kRelayed{.shared = false, .icmp_errors = true};

}  // namespace

tl::expected<net::LocalId, port::BindError> ShardHost::bind(const net::Endpoint& relayed) {
  auto local = shard_.port().bind(relayed, kRelayed);
  if (local) shard_.claim(*local, engine::ServiceId::turn);
  return local;
}

void ShardHost::unbind(net::LocalId local) {
  shard_.port().unbind(local);
}

void ShardHost::silence(net::LocalId local) {
  shard_.unclaim(local);
}

tl::expected<port::DetachedLocal, port::BindError> ShardHost::reserve(const net::Endpoint& relayed) {
  return shard_.port().reserve(relayed, kRelayed);
}

tl::expected<net::LocalId, port::BindError> ShardHost::attach(const port::DetachedLocal& detached) {
  auto local = shard_.port().attach(detached);
  if (local) shard_.claim(*local, engine::ServiceId::turn);
  return local;
}

void ShardHost::discard(const port::DetachedLocal& detached) {
  shard_.port().discard(detached);
}

net::PathId ShardHost::resolve(net::LocalId local, const net::Endpoint& remote) {
  return shard_.port().resolve(local, remote);
}

const net::Endpoint& ShardHost::local_endpoint(net::LocalId local) const {
  return shard_.port().local_endpoint(local);
}

bool ShardHost::post(std::uint16_t worker, const engine::Message& message) {
  return shard_.post(worker, message);
}

bool ShardHost::record(const EndedRecord& ended) {
  return records_ == nullptr || records_->send(ended);
}

bool ShardHost::answer(const FiveTuple& client, net::PathId path, std::span<const std::uint8_t> message) {
  net::Packet* p = shard_.originate();
  if (p == nullptr) return false;
  std::copy(message.begin(), message.end(), rte_pktmbuf_mtod(p, std::uint8_t*));
  p->data_len = static_cast<std::uint16_t>(message.size());
  p->pkt_len = p->data_len;
  net::PacketInfo& info = net::info(p);
  info.local = client.local;
  info.remote = client.remote;
  info.path = path;
  shard_.send(p);
  return true;
}

}  // namespace penstock::turn
