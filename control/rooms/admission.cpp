#include "control/rooms/admission.h"

#include <algorithm>
#include <set>

#include "control/rooms/refuse.h"

namespace penstock::control::rooms {
namespace {

constexpr std::size_t kMostMetadataBytes = 4'096;
constexpr std::uint32_t kMostLease_s = 86'400;
constexpr std::uint64_t kLeastPublishBitRate = 30'000;
constexpr std::size_t kMostFingerprints = 8;
constexpr std::uint8_t kHighestReadId = 255;
constexpr std::uint8_t kHighestWrittenId = 14;  // one-byte form, RFC 8285 section 4.2
constexpr std::uint8_t kHighestTemporalLayer = 7;

bool alphanumeric(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool ice_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return alphanumeric(c) || c == '+' || c == '/'; });
}

/// RFC 8866 section 9, "token".
bool token(std::string_view text) {
  return std::ranges::all_of(text, [](char c) {
    return alphanumeric(c) || std::string_view("!#$%&'*+-.^_`{|}~").find(c) != std::string_view::npos;
  });
}

/// RFC 8852 has letters and digits alone; '-' and '_' are in use.
bool rid_text(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return alphanumeric(c) || c == '-' || c == '_'; });
}

tl::expected<void, Error> check_mid(std::string_view mid) {
  if (mid.size() > rtp::kLongestStreamId || !token(mid)) {
    return invalid("/mid", "a MID has at most {} token characters (RFC 5888, RFC 9143)", rtp::kLongestStreamId);
  }
  return {};
}

/// Either every encoding is told apart by SSRC, or by RID in packets that carry MID and RID.
tl::expected<void, Error> check_encoding(const TrackSpec& track, std::size_t index, const sfu::TrackParameters& to) {
  const EncodingSpec& encoding = track.encodings[index];
  const auto field = [index](std::string_view member) { return fmt::format("/encodings/{}/{}", index, member); };
  if (encoding.rid.size() > rtp::kLongestStreamId || !rid_text(encoding.rid)) {
    return invalid(field("rid"), "a RID has at most {} letters and digits (RFC 8852)", rtp::kLongestStreamId);
  }
  if (encoding.rtx_ssrc != 0 && to.rtx_payload_type == sfu::kNoPayloadType) {
    return invalid(field("rtx_ssrc"), "an SSRC for retransmissions, but /codecs has no rtx");
  }
  if (encoding.rtx_ssrc != 0 && encoding.rtx_ssrc == encoding.ssrc) {
    return invalid(field("rtx_ssrc"), "retransmissions need an SSRC of their own (RFC 4588 section 5)");
  }
  if (track.encodings.size() == 1 || encoding.ssrc != 0) return {};
  if (encoding.rid.empty()) {
    return invalid(field("ssrc"), "one of several encodings needs an SSRC or a RID to be told apart");
  }
  if (to.extensions[rtp::Extension::rid] == 0) {
    return invalid("/extensions", "encodings told apart by RID need the header extension {}",
                   uri_of(rtp::Extension::rid));
  }
  return {};
}

tl::expected<void, Error> take_encodings(const TrackSpec& spec, sfu::TrackParameters& to) {
  if (spec.encodings.size() > sfu::kMostEncodings) {
    return invalid("/encodings", "at most {} encodings", sfu::kMostEncodings);
  }
  if (spec.encodings.size() > 1 && spec.kind == sfu::MediaKind::audio) {
    return invalid("/encodings", "audio has one encoding");
  }
  to.encoding_count = static_cast<std::uint8_t>(std::max<std::size_t>(spec.encodings.size(), 1));
  std::set<std::string_view> rids;
  std::set<std::uint32_t> ssrcs;
  for (std::size_t i = 0; i < spec.encodings.size(); ++i) {
    if (auto ok = check_encoding(spec, i, to); !ok) return ok;
    const EncodingSpec& encoding = spec.encodings[i];
    if (!encoding.rid.empty() && !rids.insert(encoding.rid).second) {
      return invalid(fmt::format("/encodings/{}/rid", i), "RID '{}' is another encoding's", encoding.rid);
    }
    if (encoding.ssrc != 0 && !ssrcs.insert(encoding.ssrc).second) {
      return invalid(fmt::format("/encodings/{}/ssrc", i), "SSRC {} is another encoding's", encoding.ssrc);
    }
    if (encoding.rtx_ssrc != 0 && !ssrcs.insert(encoding.rtx_ssrc).second) {
      return invalid(fmt::format("/encodings/{}/rtx_ssrc", i), "SSRC {} is another encoding's", encoding.rtx_ssrc);
    }
    to.encodings[i] = {encoding.ssrc, encoding.rtx_ssrc, sfu::Rid(encoding.rid)};
  }
  return {};
}

tl::expected<void, Error> check_sent_ssrcs(const SubscriptionSpec& spec, const Format& format) {
  if (spec.ssrc == 0u) return invalid("/ssrc", "0 is no SSRC to send from; leave it out to have one chosen");
  if (spec.rtx_ssrc == 0u) return invalid("/rtx_ssrc", "0 is no SSRC to send from; leave it out to have one chosen");
  if (spec.rtx_ssrc && format.rtx_payload_type == sfu::kNoPayloadType) {
    return invalid("/rtx_ssrc", "an SSRC for retransmissions, but /codecs has no rtx");
  }
  if (spec.ssrc && spec.ssrc == spec.rtx_ssrc) {
    return invalid("/rtx_ssrc", "retransmissions need an SSRC of their own (RFC 4588 section 5)");
  }
  return {};
}

tl::expected<void, Error> check_layers(const SubscriptionSpec& spec) {
  if (spec.max_spatial_layer != sfu::kAnyLayer && spec.max_spatial_layer >= sfu::kMostEncodings) {
    return invalid("/max_spatial_layer", "spatial layers are 0 to {}, or any", sfu::kMostEncodings - 1);
  }
  if (spec.max_temporal_layer != sfu::kAnyLayer && spec.max_temporal_layer > kHighestTemporalLayer) {
    return invalid("/max_temporal_layer", "temporal layers are 0 to {}, or any", kHighestTemporalLayer);
  }
  return {};
}

}  // namespace

tl::expected<rtp::ExtensionIds, Error> extension_ids(std::span<const ExtensionSpec> extensions, std::uint8_t highest) {
  rtp::ExtensionIds ids;
  for (std::size_t i = 0; i < extensions.size(); ++i) {
    const ExtensionSpec& spec = extensions[i];
    const auto known = std::ranges::find(rtp::kExtensionUris, spec.uri);
    if (known == rtp::kExtensionUris.end()) {
      return invalid(fmt::format("/extensions/{}/uri", i), "header extension '{}' is not handled; leave it out",
                     spec.uri);
    }
    const auto extension = static_cast<rtp::Extension>(known - rtp::kExtensionUris.begin());
    if (ids[extension] != 0) return invalid(fmt::format("/extensions/{}/uri", i), "given twice");
    if (spec.id == 0 || spec.id > highest) {
      return invalid(fmt::format("/extensions/{}/id", i), "ids are 1 to {} here", highest);
    }
    if (ids.meaning_of(spec.id)) {
      return invalid(fmt::format("/extensions/{}/id", i), "id {} is another extension's", spec.id);
    }
    ids.set(extension, spec.id);
  }
  return ids;
}

tl::expected<void, Error> check_id(std::string_view what, std::string_view id) {
  if (valid_id(id)) return {};
  return invalid("", "'{}' is not an id for a {}: 1 to 64 of letters, digits, '.', '_', '~' and '-'", id, what);
}

tl::expected<void, Error> check_metadata(std::string_view metadata) {
  if (metadata.size() <= kMostMetadataBytes) return {};
  return invalid("/metadata", "{} bytes; at most {} are kept", metadata.size(), kMostMetadataBytes);
}

tl::expected<void, Error> check_publish_bit_rate(std::uint64_t bit_rate) {
  if (bit_rate == 0 || bit_rate >= kLeastPublishBitRate) return {};
  return invalid("/max_publish_bit_rate", "{} bit/s is too little for anything; 0 is no limit, {} the least one",
                 bit_rate, kLeastPublishBitRate);
}

tl::expected<void, Error> check(const RoomSpec& spec) {
  if (spec.lease && !valid_id(spec.lease->owner)) {
    return invalid("/lease/owner", "an owner has 1 to 64 of letters, digits, '.', '_', '~' and '-'");
  }
  if (spec.lease && (spec.lease->duration_s == 0 || spec.lease->duration_s > kMostLease_s)) {
    return invalid("/lease/duration_s", "a lease lasts 1 to {} seconds", kMostLease_s);
  }
  if (spec.audio_last_n > sfu::kMostSeats) {
    return invalid("/audio_last_n", "at most {} audio tracks can be chosen among; 0 forwards all", sfu::kMostSeats);
  }
  return check_metadata(spec.metadata);
}

tl::expected<void, Error> check(const EndpointSpec& spec) {
  if (spec.ice_ufrag.empty() != spec.ice_pwd.empty()) {
    return invalid(spec.ice_ufrag.empty() ? "/ice_ufrag" : "/ice_pwd", "user fragment and password go together");
  }
  if (!spec.ice_ufrag.empty() &&
      (spec.ice_ufrag.size() < 4 || spec.ice_ufrag.size() > 256 || !ice_text(spec.ice_ufrag))) {
    return invalid("/ice_ufrag", "a user fragment has 4 to 256 of letters, digits, '+' and '/' (RFC 8839 section 5.4)");
  }
  if (!spec.ice_pwd.empty() && (spec.ice_pwd.size() < 22 || spec.ice_pwd.size() > 256 || !ice_text(spec.ice_pwd))) {
    return invalid("/ice_pwd", "a password has 22 to 256 of letters, digits, '+' and '/' (RFC 8839 section 5.4)");
  }
  if (spec.fingerprints.size() > kMostFingerprints) {
    return invalid("/fingerprints", "at most {} fingerprints", kMostFingerprints);
  }
  if (auto ok = check_publish_bit_rate(spec.max_publish_bit_rate); !ok) return ok;
  return check_metadata(spec.metadata);
}

tl::expected<sfu::TrackParameters, Error> compile(const TrackSpec& spec) {
  auto format = format_of(spec.kind, spec.codecs);
  if (!format) return tl::make_unexpected(std::move(format.error()));
  if (auto ok = check_mid(spec.mid); !ok) return tl::make_unexpected(std::move(ok.error()));
  auto ids = extension_ids(spec.extensions, kHighestReadId);
  if (!ids) return tl::make_unexpected(std::move(ids.error()));
  sfu::TrackParameters to;
  to.kind = spec.kind;
  to.codec = format->codec;
  to.payload_type = format->payload_type;
  to.rtx_payload_type = format->rtx_payload_type;
  to.clock_rate = format->clock_rate;
  to.mid = sfu::Mid(spec.mid);
  to.extensions = *ids;
  to.feedback = spec.feedback;
  if (auto ok = take_encodings(spec, to); !ok) return tl::make_unexpected(std::move(ok.error()));
  return to;
}

tl::expected<sfu::SubscriptionParameters, Error> compile(const SubscriptionSpec& spec) {
  auto format = format_of(spec.kind, spec.codecs);
  if (!format) return tl::make_unexpected(std::move(format.error()));
  if (auto ok = check_mid(spec.mid); !ok) return tl::make_unexpected(std::move(ok.error()));
  auto ids = extension_ids(spec.extensions, kHighestWrittenId);
  if (!ids) return tl::make_unexpected(std::move(ids.error()));
  if ((*ids)[rtp::Extension::mid] != 0 && spec.mid.empty()) {
    return invalid("/mid", "the MID header extension is negotiated, but there is no MID to send");
  }
  if (auto ok = check_sent_ssrcs(spec, *format); !ok) return tl::make_unexpected(std::move(ok.error()));
  if (auto ok = check_layers(spec); !ok) return tl::make_unexpected(std::move(ok.error()));
  // We send one stream per m-section: there is nothing that a RID would tell.
  ids->set(rtp::Extension::rid, 0);
  ids->set(rtp::Extension::repaired_rid, 0);
  sfu::SubscriptionParameters to;
  to.kind = spec.kind;
  to.codec = format->codec;
  to.payload_type = format->payload_type;
  to.rtx_payload_type = format->rtx_payload_type;
  to.clock_rate = format->clock_rate;
  to.mid = sfu::Mid(spec.mid);
  to.ssrc = spec.ssrc.value_or(0);
  to.rtx_ssrc = spec.rtx_ssrc.value_or(0);
  to.extensions = *ids;
  to.feedback = spec.feedback;
  to.max_spatial_layer = spec.max_spatial_layer;
  to.max_temporal_layer = spec.max_temporal_layer;
  to.priority = spec.priority;
  to.paused = spec.paused;
  return to;
}

}  // namespace penstock::control::rooms
