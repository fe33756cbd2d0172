#pragma once
// ICMP errors about UDP datagrams: whose they are, and what they say (RFC 792, RFC 1191, RFC 4443).

#include <cstddef>
#include <span>

#include "dataplane/net/frame.h"

namespace penstock::net {

/// Completes `f` for the ICMP (or, with f.v6, ICMPv6) message between offsets `at` and `end` of `frame`, f.l3 being
/// set: icmp_error when it is an error that quotes a UDP datagram as far as its ports, malformed when its checksum is
/// wrong or it quotes an impossible address, else other. f.source and f.destination come in as the message's own.
void parse_icmp(std::span<const std::uint8_t> frame, std::size_t at, std::size_t end, Frame& f);

}  // namespace penstock::net
