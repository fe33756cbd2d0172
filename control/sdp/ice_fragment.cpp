#include "control/sdp/ice_fragment.h"

#include "control/sdp/parse.h"
#include "control/sdp/read_attribute.h"
#include "control/sdp/write.h"

namespace penstock::control::sdp {
namespace {

constexpr std::size_t kMostCandidates = 256;

tl::expected<void, Error> read_attributes(const std::vector<Attribute>& attributes, Transport& transport,
                                          IceFragment& fragment) {
  for (const Attribute& attribute : attributes) {
    const auto read = read_transport_attribute(attribute.name, attribute.value, transport);
    if (!read) return tl::unexpected(Error{attribute.line, read.error()});
    if (attribute.name == "end-of-candidates") fragment.end_of_candidates = true;
    if (attribute.name != "candidate" || fragment.candidates.size() == kMostCandidates) continue;
    if (auto candidate = read_candidate(attribute.value)) fragment.candidates.push_back(*std::move(candidate));
  }
  return {};
}

}  // namespace

tl::expected<IceFragment, Error> read_ice_fragment(std::string_view text) {
  const auto description = parse_fragment(text);
  if (!description) return tl::unexpected(description.error());
  IceFragment fragment;
  Transport session;
  if (const auto r = read_attributes(description->attributes, session, fragment); !r) return tl::unexpected(r.error());
  for (const MediaDescription& media : description->media) {
    Transport own;
    if (const auto read = read_attributes(media.attributes, own, fragment); !read) return tl::unexpected(read.error());
    if (own.ice_ufrag.empty() != own.ice_pwd.empty()) {
      return tl::unexpected(Error{media.line, "one of a=ice-ufrag and a=ice-pwd is missing"});
    }
    if (!fragment.ice_ufrag.empty() || own.ice_ufrag.empty()) continue;
    fragment.ice_ufrag = own.ice_ufrag;
    fragment.ice_pwd = own.ice_pwd;
  }
  if (!fragment.ice_ufrag.empty()) return fragment;
  if (session.ice_ufrag.empty() != session.ice_pwd.empty()) {
    return tl::unexpected(Error{0, "one of a=ice-ufrag and a=ice-pwd is missing"});
  }
  fragment.ice_ufrag = session.ice_ufrag;
  fragment.ice_pwd = session.ice_pwd;
  return fragment;
}

TaggedLine tagged_line(const Offer& offer, const Negotiated& negotiated) {
  const Section& section = offer.sections[negotiated.tagged];
  return {section.kind, section.protocol, section.formats.front(), section.mid, bundle_group(offer, negotiated)};
}

std::string write_ice_fragment(const TaggedLine& tagged, const LocalTransport& transport) {
  Description description;
  description.attributes = {{"ice-lite"}, {"ice-options", "trickle ice2"}};
  if (!tagged.group.empty()) description.attributes.push_back({"group", tagged.group});
  MediaDescription media;
  media.kind = tagged.kind;
  media.port = 9;
  media.protocol = tagged.protocol;
  media.formats = {tagged.format};
  if (!tagged.mid.empty()) media.attributes.push_back({"mid", tagged.mid});
  media.attributes.push_back({"ice-ufrag", transport.ice_ufrag});
  media.attributes.push_back({"ice-pwd", transport.ice_pwd});
  for (std::size_t i = 0; i < transport.candidates.size(); ++i) {
    media.attributes.push_back({"candidate", host_candidate(transport.candidates[i], i)});
  }
  media.attributes.push_back({"end-of-candidates"});
  description.media.push_back(std::move(media));
  return write_fragment(description);
}

}  // namespace penstock::control::sdp
