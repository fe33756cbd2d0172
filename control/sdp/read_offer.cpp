// A parsed description to an offer: attributes go to their readers, the session's values down to its sections.

#include <algorithm>
#include <array>
#include <span>

#include "control/sdp/offer.h"
#include "control/sdp/parse.h"
#include "control/sdp/read_attribute.h"
#include "control/sdp/text.h"

namespace penstock::control::sdp {
namespace {

constexpr std::size_t kMostCandidates = 256;

using ReadAttribute = Outcome (*)(std::string_view, Section&);
struct Entry {
  std::string_view name;
  ReadAttribute read;
};

template <Direction direction>
Outcome read_direction(std::string_view, Section& section) {
  section.direction = direction;
  return {};
}

template <bool Section::* flag>
Outcome read_flag(std::string_view, Section& section) {
  section.*flag = true;
  return {};
}

Outcome read_mid(std::string_view value, Section& section) {
  if (!is_token(value)) return wrong("a=mid has no token in " + quoted(value));
  if (!section.mid.empty()) return wrong("a=mid is there twice in one m-section");
  section.mid = value;
  return {};
}

Outcome read_candidate_line(std::string_view value, Section& section) {
  auto candidate = read_candidate(value);
  if (candidate && section.candidates.size() < kMostCandidates) section.candidates.push_back(*std::move(candidate));
  return {};
}

constexpr std::array kAttributes{
    Entry{"rtpmap", read_rtpmap},
    Entry{"fmtp", read_fmtp},
    Entry{"rtcp-fb", read_rtcp_fb},
    Entry{"extmap", read_extmap},
    Entry{"ssrc", read_ssrc},
    Entry{"ssrc-group", read_ssrc_group},
    Entry{"msid", read_msid},
    Entry{"rid", read_rid},
    Entry{"simulcast", read_simulcast},
    Entry{"mid", read_mid},
    Entry{"candidate", read_candidate_line},
    Entry{"inactive", read_direction<Direction::inactive>},
    Entry{"sendonly", read_direction<Direction::sendonly>},
    Entry{"recvonly", read_direction<Direction::recvonly>},
    Entry{"sendrecv", read_direction<Direction::sendrecv>},
    Entry{"bundle-only", read_flag<&Section::bundle_only>},
    Entry{"rtcp-mux", read_flag<&Section::rtcp_mux>},
    Entry{"rtcp-mux-only", read_flag<&Section::rtcp_mux>},  // RFC 8858: it could do nothing else
    Entry{"rtcp-rsize", read_flag<&Section::rtcp_rsize>},
    Entry{"end-of-candidates", read_flag<&Section::end_of_candidates>},
};

bool carries_rtp(const MediaDescription& media) {
  return media.protocol.find("RTP/") != std::string::npos;
}

/// One codec for each format of the m= line, to be named by a=rtpmap.
Outcome make_codecs(const MediaDescription& media, Section& section) {
  for (const std::string& format : media.formats) {
    const auto payload_type = number<std::uint8_t>(format);
    if (!payload_type || *payload_type > 127) return wrong("m= has no payload type in " + quoted(format));
    if (section.codec(*payload_type) != nullptr) {
      return wrong("m= names payload type " + format + " twice");
    }
    Codec codec;
    codec.payload_type = *payload_type;
    section.codecs.push_back(std::move(codec));
  }
  return {};
}

Outcome read_section_attribute(const Attribute& attribute, Section& section) {
  const auto transport = read_transport_attribute(attribute.name, attribute.value, section.transport);
  if (!transport) return tl::unexpected(transport.error());
  if (*transport) return {};
  // Attributes of RTP mean nothing to a data channel.
  const auto entry = std::ranges::find(kAttributes, attribute.name, &Entry::name);
  return entry == kAttributes.end() ? Outcome{} : entry->read(attribute.value, section);
}

tl::expected<Section, Error> read_section(const MediaDescription& media, Direction session_direction) {
  Section section;
  section.line = media.line;
  section.kind = media.kind;
  section.protocol = media.protocol;
  section.formats = media.formats;
  section.port = media.port;
  section.direction = session_direction;
  if (carries_rtp(media)) {
    if (const auto made = make_codecs(media, section); !made) return tl::unexpected(Error{media.line, made.error()});
  }
  for (const Attribute& attribute : media.attributes) {
    const auto read = read_section_attribute(attribute, section);
    if (!read) return tl::unexpected(Error{attribute.line, read.error()});
  }
  return section;
}

/// What a section does not say itself, the session says for it.
void inherit(Transport& transport, const Transport& session) {
  if (transport.ice_ufrag.empty()) transport.ice_ufrag = session.ice_ufrag;
  if (transport.ice_pwd.empty()) transport.ice_pwd = session.ice_pwd;
  if (transport.ice_options.empty()) transport.ice_options = session.ice_options;
  if (transport.fingerprints.empty()) transport.fingerprints = session.fingerprints;
  if (!transport.setup) transport.setup = session.setup;
}

tl::expected<void, Error> check_mids(const Offer& offer) {
  for (auto section = offer.sections.begin(); section != offer.sections.end(); ++section) {
    if (section->mid.empty()) continue;
    if (std::find_if(offer.sections.begin(), section, [&](const Section& s) { return s.mid == section->mid; }) !=
        section) {
      return tl::unexpected(Error{section->line, "two m-sections have the MID " + quoted(section->mid)});
    }
  }
  return {};
}

tl::expected<void, Error> read_bundle(const Attribute& group, Offer& offer) {
  const auto fields = words(group.value);
  if (fields.empty() || fields[0] != "BUNDLE" || !offer.bundle.empty()) return {};
  for (const std::string_view mid : std::span(fields).subspan(1)) {
    const auto section = std::ranges::find(offer.sections, mid, &Section::mid);
    if (section == offer.sections.end()) {
      return tl::unexpected(Error{group.line, "a=group:BUNDLE names " + quoted(mid) + ", which no m-section has"});
    }
    const auto index = static_cast<std::size_t>(section - offer.sections.begin());
    if (std::ranges::find(offer.bundle, index) != offer.bundle.end()) {
      return tl::unexpected(Error{group.line, "a=group:BUNDLE names " + quoted(mid) + " twice"});
    }
    offer.bundle.push_back(index);
  }
  return {};
}

/// Session attributes that sections inherit.
struct SessionDefaults {
  Transport transport;
  Direction direction = Direction::sendrecv;
};

tl::expected<SessionDefaults, Error> read_session(const Description& description) {
  SessionDefaults defaults;
  for (const Attribute& attribute : description.attributes) {
    const auto read = read_transport_attribute(attribute.name, attribute.value, defaults.transport);
    if (!read) return tl::unexpected(Error{attribute.line, read.error()});
    for (const Direction d : {Direction::inactive, Direction::sendonly, Direction::recvonly, Direction::sendrecv}) {
      if (attribute.name == to_string(d)) defaults.direction = d;
    }
  }
  return defaults;
}

}  // namespace

tl::expected<Offer, Error> read_offer(std::string_view text) {
  const auto description = parse(text);
  if (!description) return tl::unexpected(description.error());
  const auto defaults = read_session(*description);
  if (!defaults) return tl::unexpected(defaults.error());

  Offer offer;
  offer.extmap_allow_mixed = find(description->attributes, "extmap-allow-mixed") != nullptr;
  offer.ice_lite = find(description->attributes, "ice-lite") != nullptr;
  for (const MediaDescription& media : description->media) {
    auto section = read_section(media, defaults->direction);
    if (!section) return tl::unexpected(section.error());
    inherit(section->transport, defaults->transport);
    offer.sections.push_back(*std::move(section));
  }
  if (const auto unique = check_mids(offer); !unique) return tl::unexpected(unique.error());
  for (const Attribute& attribute : description->attributes) {
    if (attribute.name != "group") continue;
    if (const auto read = read_bundle(attribute, offer); !read) return tl::unexpected(read.error());
  }
  return offer;
}

}  // namespace penstock::control::sdp
