#include "control/sdp/negotiate.h"

#include <algorithm>
#include <array>

#include "control/sdp/choose_codec.h"
#include "control/sdp/choose_encodings.h"
#include "control/sdp/choose_extensions.h"
#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

tl::unexpected<Error> wrong(const Section& section, std::string reason) {
  return tl::unexpected(Error{section.line, std::move(reason)});
}

bool is_media(const Section& section) {
  return section.kind == "audio" || section.kind == "video";
}

/// Sections through which media would flow the way `role` says. Others, data channels too, are rejected silently.
bool is_wanted(const Section& section, Role role) {
  const bool flows = role == Role::publisher ? sends(section.direction) : receives(section.direction);
  return is_media(section) && flows && !section.is_disabled();
}

/// RFC 9429 section 5.1.2: what DTLS-SRTP may call itself in m= lines.
bool is_secure_rtp(const Section& section) {
  constexpr std::array<std::string_view, 6> kProtocols = {"UDP/TLS/RTP/SAVPF", "TCP/TLS/RTP/SAVPF", "UDP/TLS/RTP/SAVP",
                                                          "TCP/TLS/RTP/SAVP",  "RTP/SAVPF",         "RTP/SAVP"};
  return std::ranges::find(kProtocols, section.protocol) != kProtocols.end();
}

/// What every section must keep to, or the offer is refused.
tl::expected<void, Error> check_section(const Section& section) {
  if (!is_secure_rtp(section)) {
    return wrong(section, "m=" + section.kind + " is " + quoted(section.protocol) + ", not UDP/TLS/RTP/SAVPF");
  }
  if (!section.rtcp_mux)
    return wrong(section, "m=" + section.kind + " has no a=rtcp-mux, and RTCP has no port of its own here");
  if (section.mid.size() > sfu::Mid{}.bytes.size()) return wrong(section, "the MID is longer than 16 characters");
  return {};
}

tl::expected<void, Error> check_bundle(const Offer& offer, const Negotiated& negotiated) {
  const auto accepted = std::ranges::count_if(negotiated.sections, [](const auto& s) { return s.has_value(); });
  if (offer.bundle.empty() && accepted <= 1) return {};
  for (std::size_t i = 0; i < offer.sections.size(); ++i) {
    if (!negotiated.sections[i] || std::ranges::find(offer.bundle, i) != offer.bundle.end()) continue;
    return wrong(offer.sections[i],
                 "m=" + offer.sections[i].kind +
                     " is outside the BUNDLE group: offer all media in one, bundlePolicy 'max-bundle'");
  }
  return {};
}

std::optional<AcceptedSection> accept(const Section& section, Role role, ExtensionMeanings& meanings) {
  auto accepted = choose_codec(section);
  if (!accepted) return {};
  choose_extensions(section, role, meanings, *accepted);
  if (role == Role::publisher) accepted->encodings = choose_encodings(section, *accepted);
  return accepted;
}

/// The first accepted section, in the group's order (RFC 9143 section 7.3.1).
std::optional<std::size_t> tagged_section(const Offer& offer, const Negotiated& negotiated) {
  for (const std::size_t index : offer.bundle) {
    if (negotiated.sections[index]) return index;
  }
  const auto first = std::ranges::find_if(negotiated.sections, [](const auto& s) { return s.has_value(); });
  if (first == negotiated.sections.end()) return {};
  return static_cast<std::size_t>(first - negotiated.sections.begin());
}

/// Credentials may differ per section even in one BUNDLE group: those of the section that will carry the transport
/// count. Bundled ones may leave them to the group's first (RFC 9143 section 7.1.3).
Transport transport_of(const Offer& offer, const Section& tagged) {
  Transport transport = tagged.transport;
  if (offer.bundle.empty()) return transport;
  const Transport& first = offer.sections[offer.bundle[0]].transport;
  if (transport.ice_ufrag.empty() && transport.ice_pwd.empty()) {
    transport.ice_ufrag = first.ice_ufrag;
    transport.ice_pwd = first.ice_pwd;
  }
  if (transport.fingerprints.empty()) transport.fingerprints = first.fingerprints;
  if (!transport.setup) transport.setup = first.setup;
  return transport;
}

/// Digest bytes of the hashes we check certificates by.
constexpr std::size_t digest_bytes(std::string_view algorithm) {
  if (algorithm == "sha-256") return 32;
  if (algorithm == "sha-384") return 48;
  return algorithm == "sha-512" ? 64 : 0;
}

tl::expected<void, Error> check_transport(Transport& transport, const Section& tagged) {
  if (transport.ice_ufrag.empty() || transport.ice_pwd.empty()) {
    return wrong(tagged, "m=" + tagged.kind + " has no a=ice-ufrag and a=ice-pwd");
  }
  std::erase_if(transport.fingerprints,
                [](const Fingerprint& f) { return f.digest.size() + 1 != 3 * digest_bytes(f.algorithm); });
  if (transport.fingerprints.empty()) {
    return wrong(tagged, "m=" + tagged.kind + " has no a=fingerprint of sha-256, sha-384 or sha-512");
  }
  if (transport.setup == Setup::holdconn) return wrong(tagged, "a=setup:holdconn connects nothing");
  return {};
}

}  // namespace

tl::expected<Negotiated, Error> negotiate(const Offer& offer, Role role) {
  if (offer.ice_lite)
    return tl::unexpected(Error{0, "a=ice-lite: Penstock is ICE-lite itself, so the client must not be"});
  Negotiated negotiated;
  negotiated.role = role;
  negotiated.sections.resize(offer.sections.size());
  ExtensionMeanings meanings;
  for (std::size_t i = 0; i < offer.sections.size(); ++i) {
    const Section& section = offer.sections[i];
    if (!is_wanted(section, role)) continue;
    if (const auto checked = check_section(section); !checked) return tl::unexpected(checked.error());
    negotiated.sections[i] = accept(section, role, meanings);
    if (!negotiated.sections[i] && role == Role::publisher) {
      return wrong(section, "m=" + section.kind + " offers " + codec_names(section) + "; Penstock takes opus and VP8");
    }
  }
  const auto tagged = tagged_section(offer, negotiated);
  if (!tagged) {
    return tl::unexpected(Error{0, role == Role::publisher ? "there is no m-section that sends opus or VP8"
                                                           : "there is no m-section that receives opus or VP8"});
  }
  if (const auto bundled = check_bundle(offer, negotiated); !bundled) return tl::unexpected(bundled.error());
  const Section& section = offer.sections[*tagged];
  negotiated.tagged = *tagged;
  negotiated.transport = transport_of(offer, section);
  if (const auto usable = check_transport(negotiated.transport, section); !usable)
    return tl::unexpected(usable.error());
  negotiated.setup = negotiated.transport.setup == Setup::passive ? Setup::active : Setup::passive;
  return negotiated;
}

}  // namespace penstock::control::sdp
