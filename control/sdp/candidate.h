#pragma once
// ICE candidates as SDP carries them (RFC 8839 section 5.1).

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "dataplane/net/address.h"

namespace penstock::control::sdp {

struct Candidate {
  std::string foundation;
  std::uint16_t component = 1;  ///< 1: RTP; 2: RTCP, which nobody needs who muxes
  std::string transport;        ///< "udp", "tcp"; in lower case
  std::uint32_t priority = 0;
  std::string host;  ///< a numeric address, or a name ("...local" where the browser hides the address)
  std::uint16_t port = 0;
  std::string type;  ///< "host", "srflx", "prflx", "relay"
};

/// The value of "a=candidate:". Further fields (raddr, tcptype, generation, ...) are passed over.
std::optional<Candidate> read_candidate(std::string_view value);

/// A host candidate of ours as the value of "a=candidate:". `index` counts our candidates from 0, the preferred first.
std::string host_candidate(const net::Endpoint& endpoint, std::size_t index);

}  // namespace penstock::control::sdp
