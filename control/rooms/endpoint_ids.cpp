#include "control/rooms/endpoint_ids.h"

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

}  // namespace

tl::expected<void, Error> EndpointIds::check_meaning(const Meanings& meanings, std::uint8_t payload_type,
                                                     sfu::Codec codec, std::uint8_t repeats) {
  const auto it = meanings.find(payload_type);
  if (it == meanings.end() || (it->second.codec == codec && it->second.repeats == repeats)) return {};
  return conflict("/codecs", "payload type {} stands for something else in this endpoint; each has one meaning",
                  payload_type);
}

tl::expected<void, Error> EndpointIds::check(const sfu::TrackParameters& track) const {
  for (std::size_t i = 0; i < track.encoding_count; ++i) {
    const auto& encoding = track.encodings[i];
    if (const auto it = ssrcs_.find(encoding.ssrc); encoding.ssrc != 0 && it != ssrcs_.end()) {
      return ssrc_conflict(fmt::format("/encodings/{}/ssrc", i), encoding.ssrc, it->second);
    }
    if (const auto it = ssrcs_.find(encoding.rtx_ssrc); encoding.rtx_ssrc != 0 && it != ssrcs_.end()) {
      return ssrc_conflict(fmt::format("/encodings/{}/rtx_ssrc", i), encoding.rtx_ssrc, it->second);
    }
  }
  if (!track.mid.empty() && received_mids_.contains(std::string(track.mid.view()))) {
    return conflict("/mid", "MID '{}' is in use by another track of this endpoint", track.mid.view());
  }
  if (auto ok = check_meaning(received_, track.payload_type, track.codec, sfu::kNoPayloadType); !ok) return ok;
  if (track.rtx_payload_type != sfu::kNoPayloadType) {
    if (auto ok = check_meaning(received_, track.rtx_payload_type, track.codec, track.payload_type); !ok) return ok;
  }
  const auto it = received_.find(track.payload_type);
  if (it != received_.end() && (it->second.sole_users != 0 || needs_payload_type(track))) {
    return conflict("/codecs",
                    "payload type {} alone does not tell the tracks of this endpoint apart; give them SSRCs, or a MID "
                    "and the header extension {}",
                    track.payload_type, uri_of(rtp::Extension::mid));
  }
  return {};
}

tl::expected<void, Error> EndpointIds::check(const sfu::SubscriptionParameters& subscription) const {
  const auto check_ssrc = [this](std::string field, std::uint32_t ssrc) -> tl::expected<void, Error> {
    if (const auto it = ssrcs_.find(ssrc); it != ssrcs_.end()) return ssrc_conflict(std::move(field), ssrc, it->second);
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
  if (!subscription.mid.empty() && sent_mids_.contains(std::string(subscription.mid.view()))) {
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
  meanings.try_emplace(payload_type, Meaning{codec, repeats}).first->second.users++;
}

void EndpointIds::remove_user(Meanings& meanings, std::uint8_t payload_type) {
  const auto it = meanings.find(payload_type);
  if (it != meanings.end() && --it->second.users == 0) meanings.erase(it);
}

void EndpointIds::add(const sfu::TrackParameters& track) {
  for (std::size_t i = 0; i < track.encoding_count; ++i) {
    if (track.encodings[i].ssrc != 0) ssrcs_.emplace(track.encodings[i].ssrc, false);
    if (track.encodings[i].rtx_ssrc != 0) ssrcs_.emplace(track.encodings[i].rtx_ssrc, false);
  }
  if (!track.mid.empty()) received_mids_.emplace(track.mid.view());
  add_user(received_, track.payload_type, track.codec, sfu::kNoPayloadType);
  add_user(received_, track.rtx_payload_type, track.codec, track.payload_type);
  if (needs_payload_type(track)) ++received_.at(track.payload_type).sole_users;
}

void EndpointIds::remove(const sfu::TrackParameters& track) {
  for (std::size_t i = 0; i < track.encoding_count; ++i) {
    ssrcs_.erase(track.encodings[i].ssrc);
    ssrcs_.erase(track.encodings[i].rtx_ssrc);
  }
  received_mids_.erase(std::string(track.mid.view()));
  if (needs_payload_type(track)) --received_.at(track.payload_type).sole_users;
  remove_user(received_, track.payload_type);
  remove_user(received_, track.rtx_payload_type);
}

void EndpointIds::add(const sfu::SubscriptionParameters& subscription) {
  ssrcs_.emplace(subscription.ssrc, true);
  if (subscription.rtx_ssrc != 0) ssrcs_.emplace(subscription.rtx_ssrc, true);
  if (!subscription.mid.empty()) sent_mids_.emplace(subscription.mid.view());
  add_user(sent_, subscription.payload_type, subscription.codec, sfu::kNoPayloadType);
  add_user(sent_, subscription.rtx_payload_type, subscription.codec, subscription.payload_type);
}

void EndpointIds::remove(const sfu::SubscriptionParameters& subscription) {
  ssrcs_.erase(subscription.ssrc);
  ssrcs_.erase(subscription.rtx_ssrc);
  sent_mids_.erase(std::string(subscription.mid.view()));
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
