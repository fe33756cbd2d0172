#include "turn/channel_table.h"

namespace penstock::turn {

Channel* ChannelTable::find(net::LocalId relay, const net::Endpoint& peer) {
  const net::FlowId id = flows_.find(relay, peer);
  if (id == net::kNoFlow || kind(flows_[id]) != FlowKind::channel) return nullptr;
  return &pool_[channel_flow(flows_[id]).channel];
}

Channel* ChannelTable::add(std::uint32_t allocation, Allocation& owner, std::uint16_t number,
                           const net::Endpoint& peer) {
  const net::LocalId relay = owner.relay[family_index(peer.address.family())];
  const std::uint32_t index = pool_.take();
  if (index == kNone) return nullptr;
  const net::FlowId flow_id = flows_.insert(relay, peer);
  if (flow_id == net::kNoFlow) {
    pool_.give(index);
    return nullptr;
  }
  engine::Flow& flow = describe(flows_[flow_id], FlowKind::channel, allocation);
  flow.word = number;
  flow.path = owner.client_path;
  set_channel_flow(flow, {0, index, 0});

  Channel& channel = pool_[index];
  channel = {};
  channel.peer = peer;
  channel.relay = relay;
  channel.allocation = allocation;
  channel.hash = hash(allocation, number);
  channel.flow = flow_id;
  channel.number = number;
  channel.next = owner.first_channel;
  owner.first_channel = index;
  ++owner.channels;
  table_.insert(channel.hash, index);
  return &channel;
}

void ChannelTable::renew(Channel& channel, std::uint64_t expires_ns) {
  channel.expires_ns = expires_ns;
  engine::Flow& flow = flows_[channel.flow];
  set_channel_flow(flow, {expires_ns, channel_flow(flow).channel, 0});
}

void ChannelTable::release(std::uint32_t index) {
  Channel& channel = pool_[index];
  flows_.erase(channel.flow);
  table_.erase(channel.hash, index);
  channel.allocation = kNone;  // no hint leads here any more
  pool_.give(index);
}

}  // namespace penstock::turn
