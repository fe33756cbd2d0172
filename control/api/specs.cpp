#include "control/api/specs.h"

#include "control/api/members.h"

namespace penstock::control::api {
namespace {

// The model has tighter bounds; these keep what it looks at small.
constexpr std::size_t kMostListed = 64;
constexpr std::size_t kMostTracks = 256;

/// Reads one whole object with `read`.
template <class Spec, class Read>
tl::expected<Spec, Fault> whole(const Json& json, const std::string& pointer, Read read) {
  std::optional<Fault> fault;
  Spec spec;
  Members members(json, pointer, fault);
  read(members, spec);
  members.finish();
  if (fault) return tl::unexpected(std::move(*fault));
  return spec;
}

void read_codecs(Members& from, std::vector<rooms::CodecSpec>& codecs) {
  from.list("codecs", kMostListed, [&](Members& m) {
    rooms::CodecSpec& codec = codecs.emplace_back();
    m.require("name");
    m.text("name", codec.name);
    m.require("payload_type");
    m.number("payload_type", codec.payload_type);
    m.number("clock_rate", codec.clock_rate);
    m.number("channels", codec.channels);
    m.number("associated_payload_type", codec.associated_payload_type);
  });
}

void read_extensions(Members& from, std::vector<rooms::ExtensionSpec>& extensions) {
  from.list("extensions", kMostListed, [&](Members& m) {
    rooms::ExtensionSpec& extension = extensions.emplace_back();
    m.require("uri");
    m.text("uri", extension.uri);
    m.require("id");
    m.number("id", extension.id);
  });
}

void read_feedback(Members& from, sfu::Feedback& feedback) {
  from.object("feedback", [&](Members& m) {
    m.flag("nack", feedback.nack);
    m.flag("pli", feedback.pli);
    m.flag("fir", feedback.fir);
    m.flag("remb", feedback.remb);
    m.flag("transport", feedback.transport);
  });
}

/// What tracks and subscriptions have in common: how their media is negotiated.
template <class Spec>
void read_media(Members& m, Spec& spec) {
  m.require("kind");
  m.choice("kind", spec.kind, sfu::kMediaKindNames);
  m.text("mid", spec.mid);
  m.require("codecs");
  read_codecs(m, spec.codecs);
  read_extensions(m, spec.extensions);
  read_feedback(m, spec.feedback);
}

void read_track(Members& m, rooms::TrackSpec& spec) {
  read_media(m, spec);
  m.list("encodings", kMostListed, [&](Members& encoding) {
    rooms::EncodingSpec& into = spec.encodings.emplace_back();
    encoding.number("ssrc", into.ssrc);
    encoding.number("rtx_ssrc", into.rtx_ssrc);
    encoding.text("rid", into.rid);
  });
}

void read_fingerprints(Members& from, std::vector<dtls::Fingerprint>& fingerprints) {
  from.list("fingerprints", kMostListed, [&](Members& m) {
    std::string hash;
    std::string value;
    m.require("hash");
    m.text("hash", hash);
    m.require("value");
    m.text("value", value);
    const auto parsed = dtls::parse_fingerprint(hash, value);
    if (parsed) {
      fingerprints.push_back(*parsed);
    } else {
      m.fault("value", parsed.error());
    }
  });
}

std::optional<rooms::TrackReference> read_reference(Members& from) {
  rooms::TrackReference reference;
  from.object("track", [&](Members& m) {
    m.require("endpoint");
    m.text("endpoint", reference.endpoint);
    m.require("track");
    m.text("track", reference.track);
  });
  return reference;
}

void read_layer(Members& m, std::string_view name, std::uint8_t& layer) {
  if (m.is_null(name)) {
    layer = sfu::kAnyLayer;
    return;
  }
  m.number(name, layer);
  if (m.has(name) && layer == sfu::kAnyLayer) m.fault(name, "must be a layer's number, or null for any");
}

}  // namespace

tl::expected<rooms::RoomSpec, Fault> room_spec(const Json& json, const std::string& pointer) {
  return whole<rooms::RoomSpec>(json, pointer, [](Members& m, rooms::RoomSpec& spec) {
    if (m.has("lease") && !m.is_null("lease")) {
      m.object("lease", [&](Members& lease) {
        spec.lease.emplace();
        lease.require("owner");
        lease.text("owner", spec.lease->owner);
        lease.require("duration_s");
        lease.number("duration_s", spec.lease->duration_s);
      });
    }
    m.object("limits", [&](Members& limits) {
      limits.number("endpoints", spec.limits.endpoints);
      limits.number("tracks", spec.limits.tracks);
      limits.number("subscriptions", spec.limits.subscriptions);
    });
    m.number("audio_last_n", spec.audio_last_n);
    m.text("metadata", spec.metadata);
  });
}

tl::expected<rooms::EndpointSpec, Fault> endpoint_spec(const Json& json, const std::string& pointer) {
  return whole<rooms::EndpointSpec>(json, pointer, [](Members& m, rooms::EndpointSpec& spec) {
    m.text("ice_ufrag", spec.ice_ufrag);
    m.text("ice_pwd", spec.ice_pwd);
    m.choice("dtls_role", spec.dtls_role, rooms::kDtlsRoleNames);
    read_fingerprints(m, spec.fingerprints);
    m.number("max_publish_bit_rate", spec.max_publish_bit_rate);
    m.number("worker", spec.worker);
    m.text("metadata", spec.metadata);
    m.flag("expire_when_lost", spec.expire_when_lost);
    if (m.has("tracks")) spec.tracks.emplace();
    m.map("tracks", kMostTracks, [&](const std::string& id, Members& track) {
      spec.tracks->emplace_back(id, rooms::TrackSpec{});
      read_track(track, spec.tracks->back().second);
    });
  });
}

tl::expected<rooms::EndpointPatch, Fault> endpoint_patch(const Json& json, const std::string& pointer) {
  return whole<rooms::EndpointPatch>(json, pointer, [](Members& m, rooms::EndpointPatch& patch) {
    m.number("max_publish_bit_rate", patch.max_publish_bit_rate);
    m.number("worker", patch.worker);
    m.text("metadata", patch.metadata);
  });
}

tl::expected<rooms::TrackSpec, Fault> track_spec(const Json& json, const std::string& pointer) {
  return whole<rooms::TrackSpec>(json, pointer, [](Members& m, rooms::TrackSpec& spec) { read_track(m, spec); });
}

tl::expected<rooms::SubscriptionSpec, Fault> subscription_spec(const Json& json, const std::string& pointer) {
  return whole<rooms::SubscriptionSpec>(json, pointer, [](Members& m, rooms::SubscriptionSpec& spec) {
    read_media(m, spec);
    if (m.has("track") && !m.is_null("track")) spec.track = read_reference(m);
    m.number("ssrc", spec.ssrc);
    m.number("rtx_ssrc", spec.rtx_ssrc);
    read_layer(m, "max_spatial_layer", spec.max_spatial_layer);
    read_layer(m, "max_temporal_layer", spec.max_temporal_layer);
    m.number("priority", spec.priority);
    m.flag("paused", spec.paused);
  });
}

tl::expected<rooms::SubscriptionPatch, Fault> subscription_patch(const Json& json, const std::string& pointer) {
  return whole<rooms::SubscriptionPatch>(json, pointer, [](Members& m, rooms::SubscriptionPatch& patch) {
    if (m.has("track")) patch.track = m.is_null("track") ? std::nullopt : read_reference(m);
    if (m.has("max_spatial_layer")) read_layer(m, "max_spatial_layer", patch.max_spatial_layer.emplace());
    if (m.has("max_temporal_layer")) read_layer(m, "max_temporal_layer", patch.max_temporal_layer.emplace());
    m.number("priority", patch.priority);
    m.flag("paused", patch.paused);
  });
}

}  // namespace penstock::control::api
