#pragma once
// One direction of one allocation: where its datagrams go and what precedes their payload.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/load/turn/options.h"
#include "bench/load/turn/packet_shape.h"
#include "bench/load/turn/route.h"
#include "bench/load/turn/turn_client.h"

namespace penstock::load {

struct Stream {
  Route route;
  std::uint32_t id = 0;  ///< the stamp's
  std::uint64_t next_sequence = 0;
  std::array<std::uint8_t, kLongestPrefix> prefix{};
  std::size_t prefix_bytes = 0;
  std::size_t padding_bytes = 0;  ///< zeros behind the payload

  std::size_t datagram_bytes(std::size_t payload_bytes) const { return prefix_bytes + payload_bytes + padding_bytes; }
};

/// From client i to the server, framed as ChannelData, Send indication, or not at all for a bare forwarder. Ids 0 to
/// N - 1.
std::vector<Stream> streams_to_peer(const Options& options, std::span<const Route> to_server,
                                    std::span<const TurnClient> clients);
/// From peer i % peers to the relayed address of client i. Ids N to 2N - 1.
std::vector<Stream> streams_to_client(const Options& options, std::span<const UdpSocket> peers,
                                      std::span<const TurnClient> clients);

}  // namespace penstock::load
