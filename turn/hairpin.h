#pragma once
// A peer that is a relayed port of this server: its packets never see a socket, and see permissions on both sides.

#include <cstdint>

#include "turn/core.h"
#include "turn/relay.h"

namespace penstock::turn {

/// `port` while somebody in this process owns it, else none (port 0).
RelayPort hairpin_target(const Core& core, RelayPort port);
/// The same for the peer of a channel. Which of several relay addresses advertised as one it is, is known only once
/// somebody has that port, so the channel may have to be told again.
RelayPort hairpin_target(const Core& core, Channel& channel);
/// The same for an advertised endpoint, as peers are named.
RelayPort hairpin_target(const Core& core, const net::Endpoint& peer);

/// What the receiving allocation sees as the peer: the sender's relayed endpoint in its advertised form.
net::Endpoint hairpin_source(const Core& core, const ToPeer& sent);

/// Travels in PacketInfo::lead of a packet handed over to the worker that owns the relayed port; info.remote is the
/// source. Lead bytes are free then: a payload on its way to a peer has nothing in front.
struct HairpinNote {
  RelayPort target;
};

/// What a packet from `source` to the relayed port `target` of this worker looks like on arrival: where it arrived and
/// on which allocation. Nothing when the port has been freed meanwhile.
struct HairpinArrival {
  std::uint32_t allocation = 0;
  net::LocalId local = net::kNoLocal;
};
OrDrop<HairpinArrival> hairpin_arrival(const Core& core, RelayPort target);

}  // namespace penstock::turn
