#pragma once
// The answer to a negotiated offer (JSEP, RFC 9429 section 5.3.1).

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "control/sdp/description.h"
#include "control/sdp/negotiate.h"
#include "control/sdp/offer.h"
#include "dataplane/net/address.h"

namespace penstock::control::sdp {

/// Our side of the one transport; ICE-lite, so all candidates are known.
struct LocalTransport {
  std::string ice_ufrag;
  std::string ice_pwd;
  std::vector<Fingerprint> fingerprints;
  /// Where the other side reaches us (host candidates; behind a NAT the addresses it maps), the preferred first.
  std::vector<net::Endpoint> candidates;
};

/// What we send in an accepted section of a player.
struct Sending {
  std::uint32_t ssrc = 0;
  std::uint32_t rtx_ssrc = 0;  ///< 0: none
  Msid msid;
};

struct AnswerInput {
  std::uint64_t session_id = 0;  ///< of o=; below 2^63 (RFC 9429 section 5.2.1)
  LocalTransport transport;
  std::string cname;                            ///< of what we send
  std::vector<std::optional<Sending>> sending;  ///< by section; empty for a publisher
};

/// The value of a=group: "BUNDLE" and the MIDs of the accepted sections; empty when the offer has no group.
std::string bundle_group(const Offer& offer, const Negotiated& negotiated);

/// Sections in the offer's order with its MIDs; rejected ones with port 0. `negotiated` is of this `offer`.
Description make_answer(const Offer& offer, const Negotiated& negotiated, const AnswerInput& input);

}  // namespace penstock::control::sdp
