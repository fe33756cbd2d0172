#include "turn/hairpin.h"

namespace penstock::turn {

RelayPort hairpin_target(const Core& core, RelayPort port) {
  return core.directory.owner(port) == RelayDirectory::kFree ? RelayPort{} : port;
}

RelayPort hairpin_target(const Core& core, Channel& channel) {
  if (channel.relay_port.port == 0) return {};
  const RelayPort target = hairpin_target(core, channel.relay_port);
  if (target.port != 0 || !core.directory.is_ambiguous()) return target;
  channel.relay_port = core.directory.find(channel.peer).value_or(RelayPort{});
  return hairpin_target(core, channel.relay_port);
}

RelayPort hairpin_target(const Core& core, const net::Endpoint& peer) {
  const auto port = core.directory.find(peer);
  return port ? hairpin_target(core, *port) : RelayPort{};
}

net::Endpoint hairpin_source(const Core& core, const ToPeer& sent) {
  const Allocation& allocation = core.allocations[sent.allocation];
  return core.directory.advertised(allocation.ports[family_index(sent.peer.address.family())]);
}

OrDrop<HairpinArrival> hairpin_arrival(const Core& core, RelayPort target) {
  const std::uint32_t index = core.allocations.find_port(target);
  if (index == kNone) return tl::unexpected(net::Drop::no_flow);
  const net::Family family = core.directory.bound(target).address.family();
  return HairpinArrival{index, core.allocations[index].relay[family_index(family)]};
}

}  // namespace penstock::turn
