#include "control/rooms/view_of.h"

#include <atomic>

namespace penstock::control::rooms {
namespace {

template <class Status>
const Status* of_this_use(const net::LazyArray<Status>& statuses, Place place) {
  const Status& status = statuses[place.slot];
  if (status.generation.get() != place.generation) return nullptr;
  // The worker writes the generation last, when the counts of the slot's former user are gone.
  std::atomic_thread_fence(std::memory_order_acquire);
  return &status;
}

std::optional<std::uint8_t> layer(std::uint64_t reported) {
  if (reported >= sfu::kMostEncodings) return std::nullopt;
  return static_cast<std::uint8_t>(reported);
}

template <class T>
std::vector<std::string> ids_of(const ById<T>& objects) {
  std::vector<std::string> ids;
  ids.reserve(objects.size());
  for (const auto& [id, object] : objects) ids.push_back(id);
  return ids;
}

void show_status(EndpointView& view, const sfu::EndpointStatus& status, Now now) {
  if (const net::Endpoint remote = status.remote.get(); remote.port != 0) {
    view.remote_address = remote;
    view.local_address = status.local.get();
  }
  if (const std::uint64_t heard = status.last_heard_ns.get(); heard != 0) {
    view.last_heard_ms = heard < now.monotonic_ns ? (now.monotonic_ns - heard) / 1'000'000 : 0;
  }
  view.received_packets = status.received_packets.get();
  view.received_bytes = status.received_bytes.get();
  view.sent_packets = status.sent_packets.get();
  view.sent_bytes = status.sent_bytes.get();
  view.authentication_failures = status.authentication_failures.get();
  view.replays = status.replays.get();
  view.unknown_streams = status.unknown_streams.get();
  view.checks = status.checks.get();
  view.checks_refused = status.checks_refused.get();
  view.available_bit_rate = status.available_bit_rate.get();
}

void show_status(EncodingView& view, const sfu::EncodingStatus& status) {
  if (const auto ssrc = static_cast<std::uint32_t>(status.ssrc.get()); ssrc != 0) view.ssrc = ssrc;
  view.active = status.active.get() != 0;
  view.packets = status.packets.get();
  view.bytes = status.bytes.get();
  view.lost = status.lost.get();
  view.jitter_us = status.jitter_us.get();
  view.frames = status.frames.get();
  view.key_frames = status.key_frames.get();
  view.width = status.width.get();
  view.height = status.height.get();
  view.nacks_sent = status.nacks_sent.get();
  view.plis_sent = status.plis_sent.get();
  view.recovered = status.recovered.get();
}

void show_status(SubscriptionView& view, const sfu::SubscriptionStatus& status) {
  view.spatial_layer = layer(status.spatial_layer.get());
  view.target_spatial_layer = layer(status.target_spatial_layer.get());
  view.temporal_layer = static_cast<std::uint8_t>(status.temporal_layer.get());
  view.packets = status.packets.get();
  view.bytes = status.bytes.get();
  view.retransmitted = status.retransmitted.get();
  view.nacked = status.nacked.get();
  view.not_found = status.not_found.get();
  view.plis = status.plis.get();
  view.key_frame_waits = status.key_frame_waits.get();
  view.layer_switches = status.layer_switches.get();
  view.lost = status.lost.get();
  view.fraction_lost = status.fraction_lost.get();
  view.jitter_us = status.jitter_us.get();
  view.rtt_us = status.rtt_us.get();
}

/// A seat outlives its track by a moment.
std::vector<TrackReference> speakers_of(const State& state, const Room& room, Now now) {
  std::vector<TrackReference> tracks;
  if (!room.speakers.limited()) return tracks;
  for (const sfu::Speaker& speaker : state.options.speakers->speakers(room.speakers.room, now.monotonic_ns)) {
    if (speaker.worker >= state.workers.size()) continue;
    const Track* track = state.workers[speaker.worker]->tracks.at(speaker.track);
    if (track != nullptr && track->endpoint->room == &room) tracks.push_back({track->endpoint->id, track->id});
  }
  return tracks;
}

}  // namespace

const sfu::EndpointStatus* status_of(const State& state, const Endpoint& endpoint) {
  return of_this_use(state.worker_of(endpoint).media.board->endpoints, endpoint.place);
}

const sfu::TrackStatus* status_of(const State& state, const Track& track) {
  return of_this_use(state.worker_of(*track.endpoint).media.board->tracks, track.place);
}

const sfu::SubscriptionStatus* status_of(const State& state, const Subscription& subscription) {
  return of_this_use(state.worker_of(*subscription.endpoint).media.board->subscriptions, subscription.place);
}

RoomView view_of(const State& state, const Room& room, Now now) {
  RoomView view{.id = room.id, .etag = state.entity_tag(room.revision), .spec = room.spec};
  view.worker = room.home;
  view.endpoints_by_worker = room.endpoints_by_worker;
  view.created_unix_ms = room.created_unix_ms;
  if (room.spec.lease) view.lease_expires_unix_ms = room.lease_expires_unix_ms;
  view.endpoints = static_cast<std::uint32_t>(room.endpoints.size());
  view.tracks = room.tracks;
  view.subscriptions = room.subscriptions;
  view.received_bit_rate = room.bit_rates.received;
  view.sent_bit_rate = room.bit_rates.sent;
  view.speakers = speakers_of(state, room, now);
  return view;
}

EndpointView view_of(const State& state, const Endpoint& endpoint, const dtls::Fingerprint& ours, Now now) {
  EndpointView view;
  view.room = endpoint.room->id;
  view.id = endpoint.id;
  view.etag = state.entity_tag(endpoint.revision);
  view.spec = endpoint.spec;
  view.worker = endpoint.worker;
  if (endpoint.move != nullptr) view.moving_to = endpoint.move->wanted;
  view.created_unix_ms = endpoint.created_unix_ms;
  const sfu::IceCredentials& ice = endpoint.parameters.ice;
  view.ice_ufrag.assign(ice.fragment.data(), ice.fragment.size());
  view.ice_pwd.assign(ice.password.data(), ice.password.size());
  view.candidates = state.worker_of(endpoint).candidates;
  view.dtls_role = endpoint.dtls_role;
  view.fingerprints = {ours};
  view.cname = endpoint.parameters.cname.view();
  view.ice_state = endpoint.ice;
  view.dtls_state = endpoint.dtls;
  view.failure = endpoint.failure;
  if (endpoint.profile) view.srtp_profile = srtp::name(*endpoint.profile);
  view.received_bit_rate = endpoint.received.bit_rate;
  view.sent_bit_rate = endpoint.sent.bit_rate;
  if (const auto* status = status_of(state, endpoint)) show_status(view, *status, now);
  view.tracks = ids_of(endpoint.tracks);
  view.subscriptions = ids_of(endpoint.subscriptions);
  return view;
}

TrackView view_of(const State& state, const Track& track) {
  TrackView view;
  view.room = track.endpoint->room->id;
  view.endpoint = track.endpoint->id;
  view.id = track.id;
  view.etag = state.entity_tag(track.revision);
  view.spec = track.spec;
  view.subscriptions = static_cast<std::uint32_t>(track.subscriptions.size());
  const sfu::TrackStatus* status = status_of(state, track);
  for (std::size_t i = 0; i < track.parameters.encoding_count; ++i) {
    EncodingView encoding;
    encoding.ssrc = track.parameters.encodings[i].ssrc;
    encoding.rid = track.parameters.encodings[i].rid.view();
    encoding.bit_rate = track.received[i].bit_rate;
    if (status != nullptr) show_status(encoding, status->encodings[i]);
    view.encodings.push_back(std::move(encoding));
  }
  if (status != nullptr && track.spec.kind == sfu::MediaKind::audio && view.encodings.front().packets != 0) {
    view.audio_level = static_cast<std::uint8_t>(status->audio_level.get());
  }
  return view;
}

SubscriptionView view_of(const State& state, const Subscription& subscription) {
  SubscriptionView view;
  view.room = subscription.endpoint->room->id;
  view.endpoint = subscription.endpoint->id;
  view.id = subscription.id;
  view.etag = state.entity_tag(subscription.revision);
  view.spec = spec_of(subscription);
  view.bit_rate = subscription.sent.bit_rate;
  if (const auto* status = status_of(state, subscription)) show_status(view, *status);
  return view;
}

}  // namespace penstock::control::rooms
