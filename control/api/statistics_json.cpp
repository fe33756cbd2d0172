#include "control/api/views.h"

namespace penstock::control::api {
namespace {

Json to_json(const rooms::Totals& t) {
  return {{"received_packets", t.received_packets},
          {"received_bytes", t.received_bytes},
          {"sent_packets", t.sent_packets},
          {"sent_bytes", t.sent_bytes},
          {"authentication_failures", t.authentication_failures},
          {"replays", t.replays},
          {"unknown_streams", t.unknown_streams},
          {"checks", t.checks},
          {"checks_refused", t.checks_refused},
          {"handshake_datagrams", t.handshake_datagrams},
          {"published_packets", t.published_packets},
          {"published_bytes", t.published_bytes},
          {"frames", t.frames},
          {"key_frames", t.key_frames},
          {"lost", t.lost},
          {"recovered", t.recovered},
          {"nacks_sent", t.nacks_sent},
          {"plis_sent", t.plis_sent},
          {"forwarded_packets", t.forwarded_packets},
          {"forwarded_bytes", t.forwarded_bytes},
          {"retransmitted", t.retransmitted},
          {"nacked", t.nacked},
          {"not_found", t.not_found},
          {"plis_received", t.plis_received},
          {"key_frame_waits", t.key_frame_waits},
          {"layer_switches", t.layer_switches}};
}

template <std::size_t N>
Json by_state(const std::array<std::uint32_t, N>& counts, const std::array<std::string_view, N>& names) {
  Json json;
  for (std::size_t i = 0; i < N; ++i) json[std::string(names[i])] = counts[i];
  return json;
}

Json to_json(const rooms::Population& p) {
  return {{"rooms", p.rooms},
          {"endpoints", p.endpoints},
          {"tracks", p.tracks},
          {"mirrors", p.mirrors},
          {"subscriptions", p.subscriptions},
          {"endpoints_by_ice", by_state(p.endpoints_by_ice, rooms::kIceViewStateNames)},
          {"endpoints_by_dtls", by_state(p.endpoints_by_dtls, rooms::kDtlsStateNames)}};
}

Json to_json(const rooms::WorkerStatistics& worker) {
  return {{"population", to_json(worker.population)},        {"totals", to_json(worker.totals)},
          {"received_bit_rate", worker.received_bit_rate},   {"sent_bit_rate", worker.sent_bit_rate},
          {"free_endpoints", worker.free_endpoints},         {"free_tracks", worker.free_tracks},
          {"free_subscriptions", worker.free_subscriptions}, {"updates_posted", worker.updates_posted},
          {"updates_waiting", worker.updates_waiting}};
}

}  // namespace

Json to_json(const rooms::Statistics& s) {
  Json json = {{"epoch", s.epoch},
               {"events", s.events},
               {"moves", s.moves},
               {"listeners", s.listeners},
               {"population", to_json(s.population())},
               {"totals", to_json(s.totals())},
               {"expiries",
                {{"leases", s.expiries.leases},
                 {"never_connected", s.expiries.never_connected},
                 {"lost", s.expiries.lost},
                 {"handshake_failed", s.expiries.handshake_failed}}}};
  json["workers"] = Json::array();
  for (const rooms::WorkerStatistics& worker : s.workers) json["workers"].push_back(to_json(worker));
  return json;
}

Json to_json(const rooms::RoomStatistics& line) {
  return {{"id", line.id},
          {"worker", line.worker},
          {"endpoints_by_worker", line.endpoints_by_worker},
          {"endpoints", line.endpoints},
          {"tracks", line.tracks},
          {"subscriptions", line.subscriptions},
          {"received_bit_rate", line.received_bit_rate},
          {"sent_bit_rate", line.sent_bit_rate}};
}

Json to_json(const rooms::Event& event) {
  Json json = {{"type", name(event.type)}, {"unix_ms", event.unix_ms}, {"room", event.room}};
  const auto text = [&](const char* member, const std::string& value) {
    if (!value.empty()) json[member] = value;
  };
  const auto number = [&](const char* member, const auto& value) {
    if (value) json[member] = *value;
  };
  text("endpoint", event.endpoint);
  text("track", event.track);
  text("subscription", event.subscription);
  text("state", event.state);
  text("reason", event.reason);
  number("worker", event.worker);
  number("encoding", event.encoding);
  number("width", event.width);
  number("height", event.height);
  number("active", event.active);
  number("spatial_layer", event.spatial_layer);
  number("target_spatial_layer", event.target_spatial_layer);
  return json;
}

}  // namespace penstock::control::api
