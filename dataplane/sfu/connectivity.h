#pragma once
// ICE-lite on the worker (RFC 8445 section 2.5): checks answered, pairs learned and selected, consent kept.

#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// An address changes hands only when its endpoint has been silent for so long. Whoever knows one endpoint's password
/// could otherwise take another's packets with a single datagram of forged source.
inline constexpr std::uint64_t kPairIdleNs = 5'000'000'000;

/// The endpoint's pair at (local, remote), made when it is new; nullptr when the address is another's, which is alive,
/// or the flow table is full.
Pair* take_pair(Core& core, EndpointSlot slot, net::LocalId local, const net::Endpoint& remote);

/// A STUN datagram on a media port. Ends the packet.
void take_check(Core& core, net::Packet* p);

/// The packet's flow as it is now: checks earlier in the burst may have made and ended flows since it was classified.
net::FlowId current_flow(Core& core, net::Packet* p);

/// Something authentic came over the pair of `flow`: the client consents to go on there (RFC 7675 section 5.1; media
/// counts as well, for clients that hardly ever check).
void heard(Core& core, EndpointSlot slot, net::FlowId flow);

/// Looks whether consent has run out.
void check_consent(Core& core, EndpointSlot slot);

/// The endpoint's flows end.
void forget_pairs(Core& core, Endpoint& endpoint);

}  // namespace penstock::sfu
