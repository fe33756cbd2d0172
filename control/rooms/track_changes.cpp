#include <algorithm>

#include "control/rooms/admission.h"
#include "control/rooms/changes.h"
#include "control/rooms/mirrors.h"
#include "control/rooms/move.h"
#include "control/rooms/refuse.h"

namespace penstock::control::rooms {
namespace {

void add_ids(Batch& batch, Endpoint& endpoint, const sfu::TrackParameters& parameters) {
  endpoint.ids.add(parameters);
  batch.on_refusal([&endpoint, parameters] { endpoint.ids.remove(parameters); });
}

void remove_ids(Batch& batch, Endpoint& endpoint, const sfu::TrackParameters& parameters) {
  endpoint.ids.remove(parameters);
  batch.on_refusal([&endpoint, parameters] { endpoint.ids.add(parameters); });
}

tl::expected<void, Error> within_limits(const State& state, const Endpoint& endpoint) {
  const Room& room = *endpoint.room;
  if (endpoint.tracks.size() >= state.options.limits.tracks_per_endpoint) {
    return refuse(ErrorKind::limit, "", "endpoint '{}' has {} tracks already, which is the configuration's limit",
                  endpoint.id, endpoint.tracks.size());
  }
  if (room.tracks >= room.spec.limits.tracks.value_or(UINT32_MAX)) {
    return refuse(ErrorKind::limit, "", "room '{}' has {} tracks already, which is its limit", room.id, room.tracks);
  }
  return {};
}

Verdict create(Batch& batch, Endpoint& endpoint, const std::string& id, const TrackSpec& spec,
               sfu::TrackParameters parameters) {
  State& state = batch.state();
  Room& room = *endpoint.room;
  Worker& worker = state.worker_of(endpoint);
  if (auto ok = within_limits(state, endpoint); !ok) return tl::make_unexpected(std::move(ok.error()));
  if (auto ok = endpoint.ids.check(parameters); !ok) return tl::make_unexpected(std::move(ok.error()));
  auto track = std::make_shared<Track>();
  const auto place = batch.acquire(worker.tracks, track.get());
  if (!place) return tl::make_unexpected(no_place(worker.tracks, "tracks"));
  track->id = id;
  track->place = *place;
  track->endpoint = &endpoint;
  track->spec = spec;
  parameters.endpoint = endpoint.place.slot;
  if (parameters.kind == sfu::MediaKind::audio) parameters.speakers = room.speakers;
  track->parameters = parameters;
  add_ids(batch, endpoint, parameters);
  batch.revise(*track);
  batch.insert(endpoint.tracks, track);
  batch.add(room.tracks, +1);
  batch.add(worker.population.tracks, +1);
  compile_to(batch, *track);
  batch.event(event_of(EventType::track_created, *track));
  return Applied{.created = true};
}

Verdict replace(Batch& batch, Track& track, const TrackSpec& spec, sfu::TrackParameters parameters) {
  if (track.spec == spec) return Applied{.changed = false};
  if (parameters.kind != track.parameters.kind) {
    return conflict("/kind", "a track keeps its kind; delete it and make another");
  }
  if (parameters.codec != track.parameters.codec) {
    return conflict("/codecs", "a track keeps its codec, for those who receive it; delete it and make another");
  }
  // The workers keep a place for each, with what was published and who is known to send it.
  if (parameters.encoding_count != track.parameters.encoding_count) {
    return conflict("/encodings", "a track keeps the number of its encodings, which is {}; delete it and make another",
                    track.parameters.encoding_count);
  }
  Endpoint& endpoint = *track.endpoint;
  remove_ids(batch, endpoint, track.parameters);
  if (auto ok = endpoint.ids.check(parameters); !ok) return tl::make_unexpected(std::move(ok.error()));
  add_ids(batch, endpoint, parameters);
  parameters.endpoint = endpoint.place.slot;
  parameters.speakers = track.parameters.speakers;
  batch.assign(track.spec, spec);
  batch.assign(track.parameters, parameters);
  batch.revise(track);
  compile_to(batch, track);
  batch.event(event_of(EventType::track_updated, track));
  return Applied{};
}

tl::expected<Track*, Error> addressed(Batch& batch, std::string_view room, std::string_view endpoint,
                                      std::string_view id, const Precondition& precondition) {
  const auto publisher = find_endpoint(batch.state(), room, endpoint);
  if (!publisher) return tl::make_unexpected(publisher.error());
  auto track = find_track(**publisher, id);
  const auto revision = track ? std::optional((*track)->revision) : std::nullopt;
  if (auto ok = check(precondition, batch.state(), revision); !ok) return tl::make_unexpected(std::move(ok.error()));
  return track;
}

}  // namespace

Verdict put_track(Batch& batch, Endpoint& endpoint, const std::string& id, const TrackSpec& spec,
                  const Precondition& precondition) {
  if (auto ok = check_not_moving(endpoint); !ok) return tl::make_unexpected(std::move(ok.error()));
  if (auto ok = check_id("track", id); !ok) return tl::make_unexpected(std::move(ok.error()));
  const auto parameters = compile(spec);
  if (!parameters) return tl::make_unexpected(parameters.error());
  const auto there = endpoint.tracks.find(id);
  const bool exists = there != endpoint.tracks.end();
  const auto revision = exists ? std::optional(there->second->revision) : std::nullopt;
  if (auto ok = check(precondition, batch.state(), revision); !ok) return tl::make_unexpected(std::move(ok.error()));
  return exists ? replace(batch, *there->second, spec, *parameters) : create(batch, endpoint, id, spec, *parameters);
}

Verdict apply(Batch& batch, const PutTrack& change, const Precondition& precondition) {
  const auto endpoint = find_endpoint(batch.state(), change.room, change.endpoint);
  if (!endpoint) return tl::make_unexpected(endpoint.error());
  return put_track(batch, **endpoint, change.track, change.spec, precondition);
}

Verdict apply(Batch& batch, const DeleteTrack& change, const Precondition& precondition) {
  const auto track = addressed(batch, change.room, change.endpoint, change.track, precondition);
  if (!track) return tl::make_unexpected(track.error());
  batch.event(event_of(EventType::track_deleted, **track));
  remove(batch, **track, "its track was deleted");
  return Applied{};
}

Verdict apply(Batch& batch, const RequestKeyFrame& change, const Precondition& precondition) {
  const auto track = addressed(batch, change.room, change.endpoint, change.track, precondition);
  if (!track) return tl::make_unexpected(track.error());
  if ((*track)->spec.kind != sfu::MediaKind::video) {
    return conflict("", "track '{}' is audio, which has no key frames", change.track);
  }
  batch.operation((*track)->endpoint->worker, sfu::RequestKeyFrame{(*track)->place.slot});
  return Applied{.changed = false};
}

}  // namespace penstock::control::rooms
