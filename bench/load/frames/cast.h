#pragma once
// Who is played on the link: a gateway, and behind it every client and every peer. To a relay that is what the world
// looks like: one next hop.

#include <cstdint>

#include "dataplane/net/address.h"
#include "dataplane/stun/channel_data.h"

namespace penstock::frames {

/// IPv4 throughout. Flow i is client i's one channel, to peer i.
struct Cast {
  net::Address gateway;  ///< what the relay routes everything to; answers ARP
  net::Endpoint server;  ///< where clients find the relay
  net::Endpoint client;  ///< client 0; client i has the i-th address from there on
  net::Endpoint peer;    ///< peer 0 likewise
  std::uint32_t flows = 0;

  net::Endpoint client_of(std::uint32_t flow) const { return next(client, flow); }
  net::Endpoint peer_of(std::uint32_t flow) const { return next(peer, flow); }
  /// A channel number is unique within its allocation; spreading them keeps servers honest about that.
  static std::uint16_t channel_of(std::uint32_t flow) {
    return static_cast<std::uint16_t>(stun::kFirstChannel + flow % 4096);
  }

 private:
  static net::Endpoint next(const net::Endpoint& first, std::uint32_t by) {
    return {net::Address::v4(first.address.v4_host_order() + by), first.port};
  }
};

}  // namespace penstock::frames
