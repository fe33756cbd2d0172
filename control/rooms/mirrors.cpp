#include "control/rooms/mirrors.h"

#include <algorithm>

#include "control/rooms/changes.h"

namespace penstock::control::rooms {
namespace {

template <class Mirrors>
auto find(Mirrors& mirrors, std::uint16_t worker) {
  return std::ranges::find(mirrors, worker, &Mirror::worker);
}

sfu::SetTrack set_mirror(const Track& track, const Mirror& mirror) {
  sfu::TrackParameters parameters = track.parameters;
  parameters.endpoint = sfu::kNoSlot;
  parameters.speakers = {};  // decided on where the track is
  parameters.origin = {track.endpoint->worker, track.place.slot, track.place.generation};
  return {mirror.place.slot, mirror.place.generation, parameters};
}

/// Whichever worker is faster: packets for a mirror that is not there yet are freed there, and so are wishes of one
/// that the origin does not know yet; they are repeated.
tl::expected<std::list<Mirror>::iterator, Error> add_mirror(Batch& batch, Track& track, std::uint16_t number) {
  Worker& worker = *batch.state().workers[number];
  const auto place = batch.acquire<Track>(worker.tracks, nullptr);
  if (!place) return tl::make_unexpected(no_place(worker.tracks, "tracks, mirrors of other workers' included"));
  track.mirrors.push_back({.worker = number, .place = *place});
  batch.on_refusal([&track] { track.mirrors.pop_back(); });
  batch.add(worker.population.mirrors, +1);
  batch.operation(number, set_mirror(track, track.mirrors.back()));
  batch.operation(track.endpoint->worker, sfu::AddMirror{track.place.slot, number, place->slot, place->generation});
  return std::prev(track.mirrors.end());
}

void remove_mirror(Batch& batch, Track& track, Mirror& mirror) {
  Worker& worker = *batch.state().workers[mirror.worker];
  batch.operation(track.endpoint->worker, sfu::RemoveMirror{track.place.slot, mirror.worker});
  batch.operation(mirror.worker, sfu::RemoveTrack{mirror.place.slot});
  batch.vacate(mirror.worker, worker.tracks, mirror.place);
  batch.add(worker.population.mirrors, -1);
  batch.assign(mirror.place, Place{});
}

}  // namespace

Place place_on(const Track& track, std::uint16_t worker) {
  return worker == track.endpoint->worker ? track.place : find(track.mirrors, worker)->place;
}

tl::expected<Place, Error> take_mirror(Batch& batch, Track& track, std::uint16_t worker) {
  if (worker == track.endpoint->worker) return track.place;
  auto mirror = find(track.mirrors, worker);
  if (mirror == track.mirrors.end()) {
    const auto added = add_mirror(batch, track, worker);
    if (!added) return tl::make_unexpected(added.error());
    mirror = *added;
  }
  batch.add(mirror->users, +1);
  return mirror->place;
}

void release_mirror(Batch& batch, Track& track, std::uint16_t worker) {
  if (worker == track.endpoint->worker) return;
  Mirror& mirror = *find(track.mirrors, worker);
  batch.add(mirror.users, -1);
  if (mirror.users != 0) return;
  batch.at_end([&batch, &track, worker] {
    const auto idle = find(track.mirrors, worker);
    if (idle == track.mirrors.end() || idle->users != 0 || idle->place == Place{}) return;
    remove_mirror(batch, track, *idle);
    track.mirrors.erase(idle);  // nothing is taken back any more
  });
}

void compile_to(Batch& batch, const Track& track) {
  batch.operation(track.endpoint->worker, sfu::SetTrack{track.place.slot, track.place.generation, track.parameters});
  for (const Mirror& mirror : track.mirrors) batch.operation(mirror.worker, set_mirror(track, mirror));
}

void remove_mirrors(Batch& batch, Track& track) {
  for (Mirror& mirror : track.mirrors) {
    if (!(mirror.place == Place{})) remove_mirror(batch, track, mirror);
  }
}

}  // namespace penstock::control::rooms
