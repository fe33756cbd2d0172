#include "turn/peer_to_channel.h"

#include "dataplane/stun/channel_data.h"

namespace penstock::turn {

std::optional<OrDrop<ToClient>> peer_to_channel(Core& core, const engine::Flow& flow, std::size_t size) {
  if (core.now_ns >= channel_flow(flow).expires_ns) return std::nullopt;
  const Allocation& allocation = core.allocations[flow.index];
  if (!allocation.live_at(core.now_ns)) return tl::unexpected(net::Drop::no_allocation);
  if (size + stun::kChannelDataHeaderBytes > kLongestDatagram) return tl::unexpected(net::Drop::too_long);
  return ToClient{flow.index, allocation.listener, flow.path, flow.word, allocation.client};
}

}  // namespace penstock::turn
