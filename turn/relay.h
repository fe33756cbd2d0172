#pragma once
// Verdicts on packets to relay: what the transformations return and the adapter carries out.

#include <cstdint>
#include <tl/expected.hpp>

#include "dataplane/net/drop.h"
#include "dataplane/net/packet.h"
#include "turn/relay_directory.h"

namespace penstock::turn {

template <class T>
using OrDrop = tl::expected<T, net::Drop>;

/// A client's payload on its way to a peer: bytes [offset, offset + size) of the datagram leave from `local`.
struct ToPeer {
  std::uint32_t allocation = 0;
  net::LocalId local = net::kNoLocal;
  net::PathId path = net::kNoPath;
  std::uint16_t offset = 0;
  std::uint16_t size = 0;
  bool dont_fragment = false;
  RelayPort hairpin;  ///< when port is not 0: to this relayed port of ours, inside the process
  net::Endpoint peer;
};

/// A peer's datagram on its way to the client, behind a ChannelData header or in a Data indication.
struct ToClient {
  std::uint32_t allocation = 0;
  net::LocalId local = net::kNoLocal;
  net::PathId path = net::kNoPath;
  std::uint16_t channel = 0;  ///< 0: Data indication
  net::Endpoint client;
};

/// Largest UDP payload over IPv4; what would exceed it with its TURN header is dropped as too long.
inline constexpr std::size_t kLongestDatagram = 65507;

}  // namespace penstock::turn
