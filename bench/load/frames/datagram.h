#pragma once
// UDP datagrams as frames, for what is not load.

#include <cstdint>
#include <span>
#include <vector>

#include "dataplane/net/frame_headers.h"

namespace penstock::frames {

/// A whole frame from `source` to `destination` (IPv4).
std::vector<std::uint8_t> datagram_frame(const net::LinkHeader& link, const net::Endpoint& source,
                                         const net::Endpoint& destination, std::span<const std::uint8_t> payload);

}  // namespace penstock::frames
