#include "control/rooms/endpoint_ids.h"

#include <algorithm>

#include "control/rooms/refuse.h"

namespace penstock::control::rooms {
namespace {

/// Nothing in its packets but the payload type may say whose they are.
bool needs_payload_type(const sfu::TrackParameters& track) {
  if (!track.mid.empty() && track.extensions[rtp::Extension::mid] != 0) return false;
  for (std::size_t i = 0; i < track.encoding_count; ++i) {
    if (track.encodings[i].ssrc == 0) return true;
  }
  return false;
}

tl::expected<void, Error> ssrc_conflict(std::string field, std::uint32_t ssrc, bool sent) {
  return conflict(std::move(field), "SSRC {} is in use by another {} of this endpoint", ssrc,
                  sent ? "subscription" : "track");
}

template <class Meanings>
auto find_meaning(Meanings& meanings, std::uint8_t payload_type) {
  return std::ranges::find_if(meanings, [=](const auto& meaning) { return meaning.payload_type == payload_type; });
}

bool contains(const std::vector<sfu::Mid>& mids, const sfu::Mid& mid) {
  return std::ranges::find(mids, mid) != mids.end();
}

void remove_mid(std::vector<sfu::Mid>& mids, const sfu::Mid& mid) {
  const auto it = std::ranges::find(mids, mid);
  if (it == mids.end()) return;
  *it = mids.back();
  mids.pop_back();
}

}  // namespace

const EndpointIds::InUse* EndpointIds::find(std::uint32_t ssrc) const {
  const auto it = std::ranges::lower_bound(ssrcs_, ssrc, {}, &InUse::ssrc);
  return it != ssrcs_.end() && it->ssrc == ssrc ? &*it : nullptr;
}

void EndpointIds::add(std::uint32_t ssrc, bool sent) {
  if (ssrc == 0) return;
  ssrcs_.insert(std::ranges::lower_bound(ssrcs_, ssrc, {}, &InUse::ssrc), {ssrc, sent});
}

void EndpointIds::remove(std::uint32_t ssrc) {
  const auto it = std::ranges::lower_bound(ssrcs_, ssrc, {}, &InUse::ssrc);
  if (it != ssrcs_.end() && it->ssrc == ssrc) ssrcs_.erase(it);
}

tl::expected<void, Error> EndpointIds::check_meaning(const Meanings& meanings, std::uint8_t payload_type,
                                                     sfu::Codec codec, std::uint8_t repeats) {
  const auto it = find_meaning(meanings, payload_type);
  if (it == meanings.end() || (it->codec == codec && it->repeats == repeats)) return {};
  return conflict("/codecs", "payload type {} stands for something else in this endpoint; each has one meaning",
                  payload_type);
}

tl::expected<void, Error> EndpointIds::check(const sfu::TrackParameters& track) const {
  for (std::size_t i = 0; i < track.encoding_count; ++i) {
    const auto& encoding = track.encodings[i];
    if (const InUse* other = find(encoding.ssrc)) {
      return ssrc_conflict(fmt::format("/encodings/{}/ssrc", i), encoding.ssrc, other->sent);
    }
    if (const InUse* other = find(encoding.rtx_ssrc)) {
      return ssrc_conflict(fmt::format("/encodings/{}/rtx_ssrc", i), encoding.rtx_ssrc, other->sent);
    }
  }
  if (!track.mid.empty() && contains(received_mids_, track.mid)) {
    return conflict("/mid", "MID '{}' is in use by another track of this endpoint", track.mid.view());
  }
  if (auto ok = check_meaning(received_, track.payload_type, track.codec, sfu::kNoPayloadType); !ok) return ok;
  if (track.rtx_payload_type != sfu::kNoPayloadType) {
    if (auto ok = check_meaning(received_, track.rtx_payload_type, track.codec, track.payload_type); !ok) return ok;
  }
  const auto it = find_meaning(received_, track.payload_type);
  if (it != received_.end() && (it->sole_users != 0 || needs_payload_type(track))) {
    return conflict("/codecs",
                    "payload type {} alone does not tell the tracks of this endpoint apart; give them SSRCs, or a MID "
                    "and the header extension {}",
                    track.payload_type, uri_of(rtp::Extension::mid));
  }
  return {};
}

tl::expected<void, Error> EndpointIds::check(const sfu::SubscriptionParameters& subscription) const {
  const auto check_ssrc = [this](std::string field, std::uint32_t ssrc) -> tl::expected<void, Error> {
    if (const InUse* other = find(ssrc)) return ssrc_conflict(std::move(field), ssrc, other->sent);
    if (!retired_ssrcs_.contains(ssrc)) return {};
    return conflict(std::move(field),
                    "SSRC {} was sent from by an earlier subscription of this endpoint, and its packets would repeat "
                    "under the same key (RFC 3711 section 9.1); leave it out to have one chosen",
                    ssrc);
  };
  if (auto ok = check_ssrc("/ssrc", subscription.ssrc); !ok) return ok;
  if (subscription.rtx_ssrc != 0) {
    if (auto ok = check_ssrc("/rtx_ssrc", subscription.rtx_ssrc); !ok) return ok;
  }
  if (!subscription.mid.empty() && contains(sent_mids_, subscription.mid)) {
    return conflict("/mid", "MID '{}' is in use by another subscription of this endpoint", subscription.mid.view());
  }
  if (auto ok = check_meaning(sent_, subscription.payload_type, subscription.codec, sfu::kNoPayloadType); !ok) {
    return ok;
  }
  if (subscription.rtx_payload_type == sfu::kNoPayloadType) return {};
  return check_meaning(sent_, subscription.rtx_payload_type, subscription.codec, subscription.payload_type);
}

void EndpointIds::add_user(Meanings& meanings, std::uint8_t payload_type, sfu::Codec codec, std::uint8_t repeats) {
  if (payload_type == sfu::kNoPayloadType) return;
  auto it = find_meaning(meanings, payload_type);
  if (it == meanings.end()) it = meanings.insert(it, Meaning{payload_type, codec, repeats});
  ++it->users;
}

void EndpointIds::remove_user(Meanings& meanings, std::uint8_t payload_type) {
  const auto it = find_meaning(meanings, payload_type);
  if (it != meanings.end() && --it->users == 0) meanings.erase(it);
}

void EndpointIds::add(const sfu::TrackParameters& track) {
  for (std::size_t i = 0; i < track.encoding_count; ++i) {
    add(track.encodings[i].ssrc, false);
    add(track.encodings[i].rtx_ssrc, false);
  }
  if (!track.mid.empty()) received_mids_.push_back(track.mid);
  add_user(received_, track.payload_type, track.codec, sfu::kNoPayloadType);
  add_user(received_, track.rtx_payload_type, track.codec, track.payload_type);
  if (needs_payload_type(track)) ++find_meaning(received_, track.payload_type)->sole_users;
}

void EndpointIds::remove(const sfu::TrackParameters& track) {
  for (std::size_t i = 0; i < track.encoding_count; ++i) {
    remove(track.encodings[i].ssrc);
    remove(track.encodings[i].rtx_ssrc);
  }
  remove_mid(received_mids_, track.mid);
  if (needs_payload_type(track)) --find_meaning(received_, track.payload_type)->sole_users;
  remove_user(received_, track.payload_type);
  remove_user(received_, track.rtx_payload_type);
}

void EndpointIds::add(const sfu::SubscriptionParameters& subscription) {
  add(subscription.ssrc, true);
  add(subscription.rtx_ssrc, true);
  if (!subscription.mid.empty()) sent_mids_.push_back(subscription.mid);
  add_user(sent_, subscription.payload_type, subscription.codec, sfu::kNoPayloadType);
  add_user(sent_, subscription.rtx_payload_type, subscription.codec, subscription.payload_type);
}

void EndpointIds::remove(const sfu::SubscriptionParameters& subscription) {
  remove(subscription.ssrc);
  remove(subscription.rtx_ssrc);
  remove_mid(sent_mids_, subscription.mid);
  remove_user(sent_, subscription.payload_type);
  remove_user(sent_, subscription.rtx_payload_type);
}

void EndpointIds::retire(const sfu::SubscriptionParameters& subscription) {
  retired_ssrcs_.insert(subscription.ssrc);
  if (subscription.rtx_ssrc != 0) retired_ssrcs_.insert(subscription.rtx_ssrc);
}

void EndpointIds::bring_back(const sfu::SubscriptionParameters& subscription) {
  retired_ssrcs_.erase(subscription.ssrc);
  retired_ssrcs_.erase(subscription.rtx_ssrc);
}

bool EndpointIds::empty() const {
  return ssrcs_.empty() && received_mids_.empty() && sent_mids_.empty() && received_.empty() && sent_.empty();
}

}  // namespace penstock::control::rooms
