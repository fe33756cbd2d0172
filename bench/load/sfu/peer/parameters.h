#pragma once
// What the two ends of a WebRTC transport tell each other by signaling: ICE (RFC 8445), DTLS (RFC 8842), no media.

#include <cstdint>
#include <string>
#include <vector>

#include "control/dtls/fingerprint.h"
#include "dataplane/net/address.h"

namespace penstock::load::peer {

/// What a side is, or may be, in the DTLS handshake: SDP's a=setup (RFC 8842 section 5.2).
enum class DtlsSetup : std::uint8_t {
  actpass,  ///< an offer that leaves it to the answer
  active,   ///< DTLS client
  passive,  ///< DTLS server
};

/// One side of a transport.
struct TransportParameters {
  std::string ice_ufrag;
  std::string ice_pwd;
  DtlsSetup setup = DtlsSetup::actpass;
  std::vector<control::dtls::Fingerprint> fingerprints;
  /// UDP, component 1, the preferred first. The endpoint talks to the first of its socket's address family.
  std::vector<net::Endpoint> candidates;
};

}  // namespace penstock::load::peer
