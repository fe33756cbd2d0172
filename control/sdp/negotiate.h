#pragma once
// What Penstock takes of an offer: per m-section one codec it forwards, the feedback and header extensions it serves,
// the encodings that will come; and the one transport that carries all of them.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "control/sdp/error.h"
#include "control/sdp/offer.h"
#include "dataplane/rtp/header_extensions.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::control::sdp {

/// Who offers.
enum class Role : std::uint8_t {
  publisher,  ///< sends media to us (WHIP)
  player,     ///< receives media from us (WHEP)
};

/// A simulcast layer, or the only stream.
struct Encoding {
  std::string rid;             ///< empty: none
  std::uint32_t ssrc = 0;      ///< 0: not told
  std::uint32_t rtx_ssrc = 0;  ///< 0: not told
};

/// What was taken of one m-section. Payload types and extension ids are the offer's.
struct AcceptedSection {
  sfu::MediaKind kind = sfu::MediaKind::audio;
  sfu::Codec codec = sfu::Codec::opus;
  std::uint8_t payload_type = sfu::kNoPayloadType;
  std::uint8_t rtx_payload_type = sfu::kNoPayloadType;  ///< kNoPayloadType: no retransmission format (RFC 4588)
  std::uint32_t clock_rate = 0;                         ///< Hz
  std::uint8_t channels = 1;
  std::vector<Parameter> parameters;  ///< fmtp of the answer
  sfu::Feedback feedback;
  rtp::ExtensionIds extensions;
  std::vector<Encoding> encodings;  ///< a publisher's, the lowest quality first; at least one. A player's: none
};

struct Negotiated {
  Role role = Role::publisher;
  /// As many as the offer has sections, in its order; nothing: rejected.
  std::vector<std::optional<AcceptedSection>> sections;
  std::size_t tagged = 0;        ///< the accepted section whose transport carries all (RFC 9143 section 7.3.1)
  Transport transport;           ///< the remote side's, of that section; with credentials and a fingerprint
  Setup setup = Setup::passive;  ///< ours: active only if the offer says passive
};

/// Refused as a whole: an offer without rtcp-mux, with media outside one BUNDLE group, without credentials or a
/// fingerprint we check (SHA-256, -384, -512), of another ICE-lite agent, with nothing to take; and a publisher's with
/// a section of which nothing can be taken, since half a call misleads people (RFC 9725 section 4.4.3).
tl::expected<Negotiated, Error> negotiate(const Offer& offer, Role role);

}  // namespace penstock::control::sdp
