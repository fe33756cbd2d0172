#include "control/api/views.h"

#include "control/api/spec_json.h"

namespace penstock::control::api {
namespace {

template <class T>
Json or_null(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

Json or_null(const std::optional<net::Endpoint>& address) {
  return address ? Json(net::to_string(*address)) : Json();
}

Json tracks_json(const std::vector<rooms::TrackReference>& tracks) {
  Json list = Json::array();
  for (const rooms::TrackReference& t : tracks) list.push_back({{"endpoint", t.endpoint}, {"track", t.track}});
  return list;
}

Json candidates_json(const std::vector<rooms::Candidate>& candidates) {
  Json list = Json::array();
  for (const rooms::Candidate& c : candidates) {
    list.push_back({{"foundation", c.foundation},
                    {"component", 1},
                    {"protocol", "udp"},
                    {"priority", c.priority},
                    {"address", net::to_string(c.address.address)},
                    {"port", c.address.port},
                    {"type", "host"}});
  }
  return list;
}

Json encoding_json(const rooms::EncodingView& e) {
  return {{"ssrc", e.ssrc},
          {"rid", e.rid},
          {"active", e.active},
          {"packets", e.packets},
          {"bytes", e.bytes},
          {"bit_rate", e.bit_rate},
          {"lost", e.lost},
          {"jitter_us", e.jitter_us},
          {"frames", e.frames},
          {"key_frames", e.key_frames},
          {"width", e.width},
          {"height", e.height},
          {"nacks_sent", e.nacks_sent},
          {"plis_sent", e.plis_sent},
          {"recovered", e.recovered}};
}

}  // namespace

Json state_json(const rooms::EndpointView& view) {
  return {{"worker", view.worker},
          {"moving_to", or_null(view.moving_to)},
          {"ice", rooms::kIceViewStateNames[static_cast<std::size_t>(view.ice_state)]},
          {"dtls", rooms::kDtlsStateNames[static_cast<std::size_t>(view.dtls_state)]},
          {"failure", view.failure},
          {"srtp_profile", view.srtp_profile},
          {"remote_address", or_null(view.remote_address)},
          {"local_address", or_null(view.local_address)},
          {"last_heard_ms", or_null(view.last_heard_ms)},
          {"received_packets", view.received_packets},
          {"received_bytes", view.received_bytes},
          {"received_bit_rate", view.received_bit_rate},
          {"sent_packets", view.sent_packets},
          {"sent_bytes", view.sent_bytes},
          {"sent_bit_rate", view.sent_bit_rate},
          {"authentication_failures", view.authentication_failures},
          {"replays", view.replays},
          {"unknown_streams", view.unknown_streams},
          {"checks", view.checks},
          {"checks_refused", view.checks_refused},
          {"available_bit_rate", view.available_bit_rate}};
}

Json state_json(const rooms::TrackView& view) {
  Json json = {{"subscriptions", view.subscriptions}, {"audio_level", or_null(view.audio_level)}};
  json["encodings"] = Json::array();
  for (const rooms::EncodingView& e : view.encodings) json["encodings"].push_back(encoding_json(e));
  return json;
}

Json state_json(const rooms::SubscriptionView& view) {
  return {{"spatial_layer", or_null(view.spatial_layer)},
          {"target_spatial_layer", or_null(view.target_spatial_layer)},
          {"temporal_layer", view.temporal_layer},
          {"packets", view.packets},
          {"bytes", view.bytes},
          {"bit_rate", view.bit_rate},
          {"retransmitted", view.retransmitted},
          {"nacked", view.nacked},
          {"not_found", view.not_found},
          {"plis", view.plis},
          {"key_frame_waits", view.key_frame_waits},
          {"layer_switches", view.layer_switches},
          {"lost", view.lost},
          {"fraction_lost", view.fraction_lost},
          {"jitter_us", view.jitter_us},
          {"rtt_us", view.rtt_us}};
}

Json to_json(const rooms::RoomView& view) {
  Json json = {{"id", view.id}, {"etag", view.etag}};
  add_spec(json, view.spec);
  json["state"] = {{"worker", view.worker},
                   {"endpoints_by_worker", view.endpoints_by_worker},
                   {"speakers", tracks_json(view.speakers)},
                   {"created_unix_ms", view.created_unix_ms},
                   {"lease_expires_unix_ms", or_null(view.lease_expires_unix_ms)},
                   {"endpoints", view.endpoints},
                   {"tracks", view.tracks},
                   {"subscriptions", view.subscriptions},
                   {"received_bit_rate", view.received_bit_rate},
                   {"sent_bit_rate", view.sent_bit_rate}};
  return json;
}

Json to_json(const rooms::EndpointView& view) {
  Json json = {{"id", view.id}, {"room", view.room}, {"etag", view.etag}};
  add_spec(json, view.spec);
  json["local"] = {{"ice_ufrag", view.ice_ufrag},
                   {"ice_pwd", view.ice_pwd},
                   {"ice_lite", true},
                   {"candidates", candidates_json(view.candidates)},
                   {"dtls_role", dtls::kRoleNames[static_cast<std::size_t>(view.dtls_role)]},
                   {"fingerprints", to_json(view.fingerprints)},
                   {"cname", view.cname}};
  json["tracks"] = view.tracks;
  json["subscriptions"] = view.subscriptions;
  json["created_unix_ms"] = view.created_unix_ms;
  json["state"] = state_json(view);
  return json;
}

Json to_json(const rooms::TrackView& view) {
  Json json = {{"id", view.id}, {"room", view.room}, {"endpoint", view.endpoint}, {"etag", view.etag}};
  add_spec(json, view.spec);
  json["state"] = state_json(view);
  return json;
}

Json to_json(const rooms::SubscriptionView& view) {
  Json json = {{"id", view.id}, {"room", view.room}, {"endpoint", view.endpoint}, {"etag", view.etag}};
  add_spec(json, view.spec);
  json["state"] = state_json(view);
  return json;
}

namespace {

std::string tag_of(std::monostate) {
  return "";
}
std::string tag_of(const auto& view) {
  return view.etag;
}
Json json_of(std::monostate) {
  return {};
}
Json json_of(const auto& view) {
  return to_json(view);
}

}  // namespace

std::string entity_tag(const rooms::Outcome& outcome) {
  return std::visit([](const auto& view) { return tag_of(view); }, outcome.view);
}

Json to_json(const rooms::Outcome& outcome) {
  return std::visit([](const auto& view) { return json_of(view); }, outcome.view);
}

}  // namespace penstock::control::api
