#include "control/sdp/choose_encodings.h"

#include <algorithm>

#include "control/sdp/encoding_order.h"

namespace penstock::control::sdp {
namespace {

bool allows(const RidLine& rid, std::uint8_t payload_type) {
  return rid.payload_types.empty() || std::ranges::find(rid.payload_types, payload_type) != rid.payload_types.end();
}

/// Of each stream the first alternative that can be had; without a=simulcast every a=rid line is a stream.
std::vector<const RidLine*> offered_rids(const Section& section, std::uint8_t payload_type) {
  std::vector<const RidLine*> rids;
  const auto add = [&](const RidLine* rid) {
    const bool usable =
        rid != nullptr && rid->send && allows(*rid, payload_type) && rid->id.size() <= sfu::Rid{}.bytes.size();
    if (usable && std::ranges::find(rids, rid) == rids.end()) rids.push_back(rid);
    return usable;
  };
  if (section.simulcast.send.empty()) {
    for (const RidLine& rid : section.rids) add(&rid);
    return rids;
  }
  for (const SimulcastStream& stream : section.simulcast.send) {
    std::ranges::any_of(stream, [&](const SimulcastId& id) { return add(section.rid(id.rid)); });
  }
  return rids;
}

const SourceGroup* group(const Section& section, std::string_view semantics, std::uint32_t first) {
  for (const SourceGroup& g : section.groups) {
    if (g.semantics == semantics && g.ssrcs.size() > 1 && (first == 0 || g.ssrcs[0] == first)) return &g;
  }
  return nullptr;
}

/// A stream by its SSRC, with the one that repeats it (RFC 5576 section 4.2).
Encoding by_ssrc(const Section& section, std::uint32_t ssrc, bool with_rtx) {
  const SourceGroup* pair = ssrc != 0 && with_rtx ? group(section, "FID", ssrc) : nullptr;
  return {{}, ssrc, pair == nullptr ? 0 : pair->ssrcs[1]};
}

std::vector<Encoding> by_sources(const Section& section, bool with_rtx) {
  std::vector<Encoding> encodings;
  if (const SourceGroup* layers = group(section, "SIM", 0)) {
    for (const std::uint32_t ssrc : layers->ssrcs) encodings.push_back(by_ssrc(section, ssrc, with_rtx));
    return encodings;
  }
  const SourceGroup* pair = group(section, "FID", 0);
  const std::uint32_t first = section.sources.empty() ? 0 : section.sources[0].ssrc;
  encodings.push_back(by_ssrc(section, pair == nullptr ? first : pair->ssrcs[0], with_rtx));
  return encodings;
}

}  // namespace

std::vector<Encoding> choose_encodings(const Section& section, const AcceptedSection& accepted) {
  auto rids = offered_rids(section, accepted.payload_type);
  std::vector<Encoding> encodings;
  if (rids.empty()) {
    encodings = by_sources(section, accepted.rtx_payload_type != sfu::kNoPayloadType);
  } else {
    sort_by_quality(rids);
    for (const RidLine* rid : rids) encodings.push_back({rid->id, 0, 0});
  }
  if (encodings.size() > sfu::kMostEncodings) {
    encodings.erase(encodings.begin(), encodings.end() - static_cast<std::ptrdiff_t>(sfu::kMostEncodings));
  }
  return encodings;
}

}  // namespace penstock::control::sdp
