#include "control/api/spec_json.h"

namespace penstock::control::api {
namespace {

Json codecs_json(const std::vector<rooms::CodecSpec>& codecs) {
  Json list = Json::array();
  for (const rooms::CodecSpec& codec : codecs) {
    Json json = {{"name", codec.name}, {"payload_type", codec.payload_type}};
    if (codec.clock_rate != 0) json["clock_rate"] = codec.clock_rate;
    if (codec.channels != 0) json["channels"] = codec.channels;
    if (codec.associated_payload_type) json["associated_payload_type"] = *codec.associated_payload_type;
    list.push_back(std::move(json));
  }
  return list;
}

Json encodings_json(const std::vector<rooms::EncodingSpec>& encodings) {
  Json list = Json::array();
  for (const rooms::EncodingSpec& encoding : encodings) {
    Json json = Json::object();
    if (encoding.ssrc != 0) json["ssrc"] = encoding.ssrc;
    if (encoding.rtx_ssrc != 0) json["rtx_ssrc"] = encoding.rtx_ssrc;
    if (!encoding.rid.empty()) json["rid"] = encoding.rid;
    list.push_back(std::move(json));
  }
  return list;
}

template <class Spec>
void add_media(Json& json, const Spec& spec) {
  json["kind"] = sfu::kMediaKindNames[static_cast<std::size_t>(spec.kind)];
  json["mid"] = spec.mid;
  json["codecs"] = codecs_json(spec.codecs);
  json["extensions"] = Json::array();
  for (const rooms::ExtensionSpec& e : spec.extensions) json["extensions"].push_back({{"uri", e.uri}, {"id", e.id}});
  json["feedback"] = {{"nack", spec.feedback.nack},
                      {"pli", spec.feedback.pli},
                      {"fir", spec.feedback.fir},
                      {"remb", spec.feedback.remb},
                      {"transport", spec.feedback.transport}};
}

Json layer_json(std::uint8_t layer) {
  return layer == sfu::kAnyLayer ? Json() : Json(layer);
}

}  // namespace

Json to_json(const std::vector<dtls::Fingerprint>& fingerprints) {
  Json list = Json::array();
  for (const dtls::Fingerprint& f : fingerprints) list.push_back({{"hash", f.hash_name()}, {"value", f.hex()}});
  return list;
}

void add_spec(Json& json, const rooms::RoomSpec& spec) {
  json["lease"] = spec.lease ? Json{{"owner", spec.lease->owner}, {"duration_s", spec.lease->duration_s}} : Json();
  json["limits"] = Json::object();
  if (spec.limits.endpoints) json["limits"]["endpoints"] = *spec.limits.endpoints;
  if (spec.limits.tracks) json["limits"]["tracks"] = *spec.limits.tracks;
  if (spec.limits.subscriptions) json["limits"]["subscriptions"] = *spec.limits.subscriptions;
  json["audio_last_n"] = spec.audio_last_n;
  json["metadata"] = spec.metadata;
}

void add_spec(Json& json, const rooms::EndpointSpec& spec) {
  json["ice_ufrag"] = spec.ice_ufrag;
  json["ice_pwd"] = spec.ice_pwd;
  json["dtls_role"] = rooms::kDtlsRoleNames[static_cast<std::size_t>(spec.dtls_role)];
  json["fingerprints"] = to_json(spec.fingerprints);
  json["max_publish_bit_rate"] = spec.max_publish_bit_rate;
  json["metadata"] = spec.metadata;
  json["expire_when_lost"] = spec.expire_when_lost;
}

void add_spec(Json& json, const rooms::TrackSpec& spec) {
  add_media(json, spec);
  json["encodings"] = encodings_json(spec.encodings);
}

void add_spec(Json& json, const rooms::SubscriptionSpec& spec) {
  json["track"] = spec.track ? Json{{"endpoint", spec.track->endpoint}, {"track", spec.track->track}} : Json();
  add_media(json, spec);
  if (spec.ssrc) json["ssrc"] = *spec.ssrc;
  if (spec.rtx_ssrc) json["rtx_ssrc"] = *spec.rtx_ssrc;
  json["max_spatial_layer"] = layer_json(spec.max_spatial_layer);
  json["max_temporal_layer"] = layer_json(spec.max_temporal_layer);
  json["priority"] = spec.priority;
  json["paused"] = spec.paused;
}

}  // namespace penstock::control::api
