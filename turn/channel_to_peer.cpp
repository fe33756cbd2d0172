#include "turn/channel_to_peer.h"

#include "dataplane/stun/channel_data.h"
#include "turn/hairpin.h"

namespace penstock::turn {

OrDrop<ToPeer> channel_to_peer(Core& core, engine::Flow& client, stun::Bytes datagram) {
  const auto message = stun::parse_channel_data(datagram);
  if (!message) return tl::unexpected(net::Drop::malformed_channel_data);
  if (!core.allocations[client.index].sends_at(core.now_ns)) return tl::unexpected(net::Drop::no_allocation);
  Channel* channel = core.channels.find(client, message->channel);
  if (channel == nullptr || core.now_ns >= channel->expires_ns) return tl::unexpected(net::Drop::no_channel);

  ToPeer out;
  out.allocation = client.index;
  out.local = channel->relay;
  out.path = channel->path;
  out.offset = stun::kChannelDataHeaderBytes;
  out.size = static_cast<std::uint16_t>(message->data.size());
  out.peer = channel->peer;
  out.hairpin = hairpin_target(core, *channel);
  if (out.hairpin.port == 0 && !channel->direct) return tl::unexpected(net::Drop::peer_denied);
  return out;
}

}  // namespace penstock::turn
