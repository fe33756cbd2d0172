#pragma once
// Reading a Send indication in one pass over its two or three attributes: some browsers relay all their media in them.

#include <cstdint>
#include <tl/expected.hpp>

#include "dataplane/net/address.h"
#include "dataplane/net/drop.h"
#include "dataplane/stun/bytes.h"

namespace penstock::turn {

struct SendIndication {
  net::Endpoint peer;
  stun::Bytes data;  ///< points into the datagram
  bool dont_fragment = false;
};

/// The first of each attribute counts (RFC 8489 section 14). Errors: malformed_stun, stray_response (a response),
/// bad_indication (another method, a mandatory attribute absent or malformed), unknown_attribute.
tl::expected<SendIndication, net::Drop> parse_send_indication(stun::Bytes datagram);

}  // namespace penstock::turn
