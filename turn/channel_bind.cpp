// ChannelBind (RFC 8656 section 12.2): binds a channel number to a peer, or renews the binding, and its permission.

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/channel_data.h"
#include "turn/permissions.h"
#include "turn/requests.h"

namespace penstock::turn {
namespace {

struct Wish {
  std::uint16_t number;
  net::Endpoint peer;
};

// RFC 8656 grants 0x4000 to 0x4fff; RFC 5766 granted up to 0x7fff, and clients in use (coturn's among them) pick from
// all of that. The first two bits tell channels from STUN either way.
tl::expected<Wish, stun::Error> read_wish(const stun::MessageView& message) {
  const auto number = stun::channel_number(message);
  const auto peer = stun::xor_peer_address(message);
  if (!number || !peer || peer->port == 0 || *number < stun::kFirstChannel || *number > stun::kLastChannel) {
    return tl::unexpected(stun::Error::bad_request);
  }
  return Wish{*number, *peer};
}

// The channel to renew, nullptr when there is none, or 400 when number or peer is bound otherwise.
tl::expected<Channel*, stun::Error> existing(Core& core, std::uint32_t index, const Wish& wish) {
  Allocation& allocation = core.allocations[index];
  const net::LocalId relay = allocation.relay[family_index(wish.peer.address.family())];
  for (const Channel* other : {core.channels.find(index, wish.number), core.channels.find(relay, wish.peer)}) {
    if (other == nullptr || (other->number == wish.number && other->peer == wish.peer)) continue;
    if (core.now_ns < other->expires_ns) return tl::unexpected(stun::Error::bad_request);
    core.channels.remove_if(allocation, [&](const Channel& c) { return &c == other; });
  }
  return core.channels.find(index, wish.number);
}

Channel* add(Core& core, std::uint32_t index, const Wish& wish) {
  Allocation& allocation = core.allocations[index];
  const std::uint32_t limit = core.settings->settings.allocation_limits.channels;
  if (allocation.channels >= limit || core.channels.full()) core.channels.reclaim(allocation, core.now_ns);
  if (allocation.channels >= limit) return nullptr;
  return core.channels.add(index, allocation, wish.number, wish.peer);
}

void renew(Core& core, Channel& channel) {
  core.channels.renew(channel, core.now_ns + kChannelLifetimeNs);
  channel.path = core.host.resolve(channel.relay, channel.peer);
  channel.direct = core.settings->policy.check(channel.peer.address) == PeerVerdict::allow;
  channel.relay_port = core.directory.find(channel.peer).value_or(RelayPort{});
}

}  // namespace

Handled channel_bind(Core& core, const Request& request) {
  if (request.allocation == kNone) return refuse(core, request, stun::Error::allocation_mismatch);
  const std::uint32_t index = request.allocation;
  if (request.authentication.who.user != core.user_of(index)) {
    return refuse(core, request, stun::Error::wrong_credentials);
  }
  const auto wish = read_wish(request.message);
  if (!wish) return refuse(core, request, wish.error());
  if (const auto error = check_peer(core, core.allocations[index], wish->peer.address)) {
    return refuse(core, request, *error);
  }
  if (!core.settings->policy.permits(wish->peer)) return refuse(core, request, stun::Error::forbidden);
  auto channel = existing(core, index, *wish);
  if (!channel) return refuse(core, request, channel.error());

  if (const auto error = prepare_permission(core, index, wish->peer.address)) return refuse(core, request, *error);
  if (*channel == nullptr) *channel = add(core, index, *wish);
  if (*channel == nullptr) {
    discard_prepared_permissions(core, index);
    return refuse(core, request, stun::Error::insufficient_capacity);
  }
  renew_permission(core, index, wish->peer.address);
  renew(core, **channel);
  return accept(core, request);
}

}  // namespace penstock::turn
