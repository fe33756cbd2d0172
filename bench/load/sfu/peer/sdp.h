#pragma once
// Offers and answers as text (JSEP, RFC 9429), for servers that speak SDP: Janus, WHIP and WHEP.

#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/sfu/peer/parameters.h"
#include "control/sdp/offer.h"

namespace penstock::load::peer {

/// One m-section that we offer or answer with.
struct MediaLine {
  std::string mid{};
  bool video = false;
  bool sends = false;                 ///< sendonly; otherwise recvonly
  std::uint8_t payload_type = 0;      ///< VP8 or opus
  std::uint8_t rtx_payload_type = 0;  ///< 0: none
  std::uint32_t ssrc = 0;             ///< of what we send; 0: not told (simulcast by RID)
  std::uint32_t rtx_ssrc = 0;
  std::vector<std::string> rids{};  ///< simulcast that we send, the lowest quality first; fewer than two: none
  std::vector<control::sdp::HeaderExtension> extensions{};
};

/// Everything in one BUNDLE group with rtcp-mux. An answer says setup active or passive in `local`.
std::string write_sdp(const TransportParameters& local, const std::vector<MediaLine>& lines);

/// What the other side described: its transport, and its sections for media.
struct RemoteDescription {
  TransportParameters transport;
  bool ice_lite = false;
  std::vector<control::sdp::Section> sections;
};
/// Reads an offer or an answer. Credentials and fingerprints are those of the first section that is not refused;
/// candidates are numeric UDP ones. The error names the line or what is missing.
tl::expected<RemoteDescription, std::string> read_sdp(std::string_view text);

}  // namespace penstock::load::peer
