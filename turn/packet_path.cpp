#include "turn/packet_path.h"

#include <algorithm>
#include <cstring>

#include "dataplane/stun/channel_data.h"
#include "turn/channel_to_peer.h"
#include "turn/first_bytes.h"
#include "turn/flows.h"
#include "turn/look_ahead.h"
#include "turn/peer_to_channel.h"
#include "turn/peer_to_data.h"
#include "turn/requests.h"
#include "turn/send_to_peer.h"

namespace penstock::turn {

void PacketPath::process(net::Burst& burst) {
  leader_.train = 0;
  flows_changed_ = false;
  for (std::span<net::Packet*> packets = burst.span(); !packets.empty();) {
    const auto some = packets.first(std::min(packets.size(), kLookAhead));
    look_ahead(core_, some);
    for (net::Packet* p : some) handle(p);
    packets = packets.subspan(some.size());
  }
}

void PacketPath::process_handed_over(net::Burst& burst) {
  leader_.train = 0;
  flows_changed_ = false;
  for (net::Packet* p : burst) {
    HairpinNote note;
    std::memcpy(&note, net::info(p).lead.data(), sizeof note);
    arrive(p, note.target);
  }
}

void PacketPath::handle(net::Packet* p) {
  net::PacketInfo& info = net::info(p);
  if (flows_changed_) {
    // The port itself may have been closed.
    if (shard_.owner(info.local) != engine::ServiceId::turn) return shard_.drop(p, net::Drop::no_flow);
    info.flow = core_.flows.find(info.local, info.remote);
  }
  if (info.flow != net::kNoFlow) {
    const engine::Flow& flow = core_.flows[info.flow];
    if (kind(flow) == FlowKind::client) return from_client(p, flow.index);
    if (kind(flow) == FlowKind::channel) return from_peer(p, flow.index);
    return to_requests(p);
  }
  const std::uint32_t allocation = core_.allocations.find_local(info.local);
  if (allocation != kNone) return from_peer(p, allocation);
  to_requests(p);
}

void PacketPath::from_client(net::Packet* p, std::uint32_t allocation) {
  const net::PacketInfo& info = net::info(p);
  OrDrop<ToPeer> out = tl::unexpected(net::Drop::not_turn);
  if (is_channel_data(p)) {
    const std::uint32_t header = channel_header(p);
    if (follows(info) && header == leader_.header && p->data_len >= leader_.to_peer.offset + leader_.to_peer.size) {
      return to_peer(p, leader_.to_peer);
    }
    out = channel_to_peer(core_, core_.flows[info.flow], net::payload(p));
    if (out && info.train != 0) leader_ = {info.train, info.flow, header, *out, {}};
  } else if (is_stun(p)) {
    if (!is_send_indication(p)) return to_requests(p);
    out = send_to_peer(core_, allocation, net::payload(p));
  }
  if (!out) return shard_.drop(p, out.error());
  to_peer(p, *out);
}

void PacketPath::from_peer(net::Packet* p, std::uint32_t allocation) {
  const net::PacketInfo& info = net::info(p);
  const std::size_t size = p->data_len;
  if (info.flow != net::kNoFlow) {
    if (follows(info)) return to_client(p, leader_.to_client);
    if (const auto out = peer_to_channel(core_, core_.flows[info.flow], size)) {
      if (!*out) return shard_.drop(p, out->error());
      if (info.train != 0) leader_ = {info.train, info.flow, 0, {}, **out};
      return to_client(p, **out);
    }
  }
  const auto out = peer_to_data(core_, allocation, info.remote, size);
  if (!out) return shard_.drop(p, out.error());
  to_client(p, *out);
}

void PacketPath::to_requests(net::Packet* p) {
  const net::PacketInfo& info = net::info(p);
  if (!is_stun(p)) return shard_.drop(p, is_channel_data(p) ? net::Drop::no_allocation : net::Drop::not_turn);
  flows_changed_ = true;
  leader_.train = 0;
  const Handled dropped = handle_message(core_, {info.local, info.remote}, info.flow, net::payload(p));
  if (dropped) return shard_.drop(p, *dropped);
  shard_.consume(p);
}

void PacketPath::to_peer(net::Packet* p, const ToPeer& out) {
  Allocation& allocation = core_.allocations[out.allocation];
  if (!may_pass(core_, allocation, Direction::to_peer, out.size)) {
    return shard_.drop(p, net::Drop::client_rate_limited);
  }
  ++allocation.to_peer.packets;
  allocation.to_peer.bytes += out.size;
  core_.stats.to_peer.packets.add();
  core_.stats.to_peer.bytes.add(out.size);

  net::strip(p, out.offset);
  net::truncate(p, out.size);
  if (out.hairpin.port != 0) return hairpin(p, out);
  net::PacketInfo& info = net::info(p);
  info.local = out.local;
  info.remote = out.peer;
  info.path = out.path;
  if (out.dont_fragment) info.flags |= net::PacketInfo::kDontFragment;
  shard_.send(p);
}

void PacketPath::hairpin(net::Packet* p, const ToPeer& out) {
  core_.stats.hairpin_packets.add();
  net::info(p).remote = hairpin_source(core_, out);
  const std::uint8_t owner = core_.directory.owner(out.hairpin);
  if (owner == core_.worker) return arrive(p, out.hairpin);
  if (owner >= core_.workers) return shard_.drop(p, net::Drop::no_flow);  // freed this very moment
  const HairpinNote note{out.hairpin};
  std::memcpy(net::info(p).lead.data(), &note, sizeof note);
  shard_.hand_over(p, owner, engine::ServiceId::turn);
}

// A packet for one of our relayed ports that came through no socket; info.remote is its source.
void PacketPath::arrive(net::Packet* p, RelayPort target) {
  const auto arrival = hairpin_arrival(core_, target);
  if (!arrival) return shard_.drop(p, arrival.error());
  net::PacketInfo& info = net::info(p);
  info.local = arrival->local;
  info.flow = core_.flows.find(info.local, info.remote);
  from_peer(p, arrival->allocation);
}

void PacketPath::to_client(net::Packet* p, const ToClient& out) {
  Allocation& allocation = core_.allocations[out.allocation];
  const std::size_t size = p->data_len;
  if (!may_pass(core_, allocation, Direction::to_client, size)) return shard_.drop(p, net::Drop::peer_rate_limited);
  ++allocation.to_client.packets;
  allocation.to_client.bytes += size;
  core_.stats.to_client.packets.add();
  core_.stats.to_client.bytes.add(size);

  add_head(p, out);
  net::PacketInfo& info = net::info(p);
  info.local = out.local;
  info.remote = out.client;
  info.path = out.path;
  shard_.send(p);
}

void PacketPath::add_head(net::Packet* p, const ToClient& out) {
  const std::size_t size = p->data_len;
  if (out.channel != 0) {
    constexpr std::size_t kHead = stun::kChannelDataHeaderBytes;
    stun::write_channel_data_header(std::span<std::uint8_t, kHead>(net::prepend(p, kHead), kHead), out.channel,
                                    static_cast<std::uint16_t>(size));
    return;
  }
  const net::Endpoint& peer = net::info(p).remote;
  const std::size_t head = data_head_size(peer);
  write_data_head(core_, {net::prepend(p, head), head}, peer, size);
  net::append_zeros(p, stun::MessageBuilder::padding_bytes(size));
}

}  // namespace penstock::turn
