#include "turn/channel_to_peer.h"

#include "dataplane/stun/channel_data.h"
#include "turn/hairpin.h"

namespace penstock::turn {

// The verdict is written where the caller reads it: put together apart and copied, its small fields would stall the
// wide loads of the copy.
OrDrop<ToPeer> channel_to_peer(Core& core, engine::Flow& client, stun::Bytes datagram) {
  OrDrop<ToPeer> verdict = tl::unexpected(net::Drop::malformed_channel_data);
  const auto message = stun::parse_channel_data(datagram);
  if (!message) return verdict;
  if (!core.allocations[client.index].sends_at(core.now_ns)) {
    verdict.error() = net::Drop::no_allocation;
    return verdict;
  }
  Channel* channel = core.channels.find(client, message->channel);
  if (channel == nullptr || core.now_ns >= channel->expires_ns) {
    verdict.error() = net::Drop::no_channel;
    return verdict;
  }
  const RelayPort hairpin = hairpin_target(core, *channel);
  if (hairpin.port == 0 && !channel->direct) {
    verdict.error() = net::Drop::peer_denied;
    return verdict;
  }

  verdict.emplace();
  ToPeer& out = *verdict;
  out.allocation = client.index;
  out.local = channel->relay;
  out.path = channel->path;
  out.offset = stun::kChannelDataHeaderBytes;
  out.size = static_cast<std::uint16_t>(message->data.size());
  out.hairpin = hairpin;
  out.peer = channel->peer;
  return verdict;
}

}  // namespace penstock::turn
