#pragma once
// A WebRTC offer (JSEP, RFC 9429): what an SDP description says about transport, codecs and sources.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "control/sdp/candidate.h"
#include "control/sdp/error.h"

namespace penstock::control::sdp {

enum class Direction : std::uint8_t { inactive, sendonly, recvonly, sendrecv };

constexpr bool sends(Direction d) {
  return d == Direction::sendonly || d == Direction::sendrecv;
}
constexpr bool receives(Direction d) {
  return d == Direction::recvonly || d == Direction::sendrecv;
}
std::string_view to_string(Direction direction);
/// The same as the other side says it.
Direction reversed(Direction direction);

/// One of "minptime=10;useinbandfec=1"; the value is empty where there is no '='.
struct Parameter {
  std::string name;
  std::string value;
};

/// An RTP payload type (RFC 8866 section 6.6, RFC 4585 section 4.2). Static types may come without a name.
struct Codec {
  std::uint8_t payload_type = 0;
  std::string name;
  std::uint32_t clock_rate = 0;  ///< Hz
  std::uint8_t channels = 1;
  std::vector<Parameter> parameters;
  std::vector<std::string> feedback;  ///< "nack", "nack pli", "ccm fir", ...

  const std::string* parameter(std::string_view wanted) const;
  bool has_feedback(std::string_view wanted) const;
  /// What an "rtx" codec repeats (RFC 4588).
  std::optional<std::uint8_t> associated_payload_type() const;
};

/// "a=extmap:ID[/DIRECTION] URI" (RFC 8285). Ids above 255 (RFC 8285 section 6: not yet chosen) are left out.
struct HeaderExtension {
  std::uint8_t id = 0;
  std::string uri;
  Direction direction = Direction::sendrecv;
};

/// "a=ssrc:SSRC cname:..." (RFC 5576).
struct Source {
  std::uint32_t ssrc = 0;
  std::string cname;
};

/// "a=ssrc-group:FID 1 2", "a=ssrc-group:SIM 1 3 5".
struct SourceGroup {
  std::string semantics;
  std::vector<std::uint32_t> ssrcs;
};

/// "a=rid:ID send|recv [pt=...;max-width=...]" (RFC 8851).
struct RidLine {
  std::string id;
  bool send = true;
  std::vector<std::uint8_t> payload_types;  ///< empty: any
  std::vector<Parameter> restrictions;      ///< without pt
};

/// One id of a simulcast stream; '~' in front of it says that it starts paused (RFC 8853).
struct SimulcastId {
  std::string rid;
  bool paused = false;
};
/// Alternatives, the preferred one first. At most one of them is sent.
using SimulcastStream = std::vector<SimulcastId>;
struct Simulcast {
  std::vector<SimulcastStream> send;
  std::vector<SimulcastStream> receive;
};

/// "a=fingerprint:sha-256 AB:CD:..." (RFC 8122); the algorithm is in lower case, the digest in upper case.
struct Fingerprint {
  std::string algorithm;
  std::string digest;
};

/// "a=setup" (RFC 4145, 8842).
enum class Setup : std::uint8_t { active, passive, actpass, holdconn };
std::string_view to_string(Setup setup);

/// ICE and DTLS of an m-section; what it does not say itself is the session's.
struct Transport {
  std::string ice_ufrag;
  std::string ice_pwd;
  std::vector<std::string> ice_options;
  std::vector<Fingerprint> fingerprints;
  std::optional<Setup> setup;
};

struct Msid {
  std::string stream;  ///< "-": no stream
  std::string track;   ///< may be empty
};

/// One m-section.
struct Section {
  std::size_t line = 0;
  std::string kind;  ///< "audio", "video", "application", ...
  std::string protocol;
  std::vector<std::string> formats;
  std::uint16_t port = 0;
  std::string mid;  ///< empty: none
  Direction direction = Direction::sendrecv;
  bool bundle_only = false;
  bool rtcp_mux = false;
  bool rtcp_rsize = false;
  std::vector<Codec> codecs;  ///< in order of preference
  std::vector<HeaderExtension> extensions;
  std::vector<Source> sources;
  std::vector<SourceGroup> groups;
  std::vector<RidLine> rids;
  Simulcast simulcast;
  std::vector<Msid> msids;
  Transport transport;
  std::vector<Candidate> candidates;
  bool end_of_candidates = false;

  /// Port 0 refuses a section, unless it is to be bundled (RFC 9143 section 6).
  bool is_disabled() const { return port == 0 && !bundle_only; }
  const Codec* codec(std::uint8_t payload_type) const;
  const Source* source(std::uint32_t ssrc) const;
  const RidLine* rid(std::string_view id) const;
};

struct Offer {
  std::vector<Section> sections;
  /// The first BUNDLE group as indices into `sections`, in its own order: the first is the offerer's tagged section
  /// (RFC 9143 section 7.2.1). Empty: none.
  std::vector<std::size_t> bundle;
  bool extmap_allow_mixed = false;
  bool ice_lite = false;
};

/// Total. Attributes WebRTC gives no meaning to are passed over; those it does and that cannot be read are errors with
/// their line, as are MIDs that are there twice and groups of MIDs that are not there. Candidates are the exception
/// (RFC 8839 section 5.1): one that cannot be read is left out.
tl::expected<Offer, Error> read_offer(std::string_view text);

}  // namespace penstock::control::sdp
