#include "control/rooms/speakers.h"

#include "control/rooms/refuse.h"

namespace penstock::control::rooms {
namespace {

tl::expected<std::uint32_t, Error> take_number(Batch& batch) {
  SeatedRooms& rooms = batch.state().seated_rooms;
  const auto number = rooms.acquire();
  if (!number) {
    return refuse(ErrorKind::limit, "/audio_last_n",
                  "{} rooms have a limit of speakers already, which are as many as the workers can tell apart",
                  rooms.size());
  }
  batch.on_refusal([&rooms, number = *number] { rooms.undo_acquire(number); });
  return *number;
}

void compile_audio(Batch& batch, const Room& room) {
  for (const auto& [id, endpoint] : room.endpoints) {
    for (const auto& [track_id, track] : endpoint->tracks) {
      if (track->parameters.kind != sfu::MediaKind::audio) continue;
      batch.assign(track->parameters.speakers, room.speakers);
      // Mirrors have nothing to decide: what crosses was let through where the track is.
      batch.operation(endpoint->worker, sfu::SetTrack{track->place.slot, track->place.generation, track->parameters});
    }
  }
}

}  // namespace

tl::expected<void, Error> seat_speakers(Batch& batch, Room& room) {
  if (room.spec.audio_last_n == 0) {
    const bool had = room.speakers.limited();
    unseat_speakers(batch, room);
    if (had) compile_audio(batch, room);
    return {};
  }
  if (room.speakers.seats == room.spec.audio_last_n) return {};
  sfu::Speakers speakers = room.speakers;
  if (!speakers.limited()) {
    const auto number = take_number(batch);
    if (!number) return tl::make_unexpected(number.error());
    speakers.room = *number;
  }
  speakers.seats = room.spec.audio_last_n;
  batch.assign(room.speakers, speakers);
  compile_audio(batch, room);
  return {};
}

void unseat_speakers(Batch& batch, Room& room) {
  if (!room.speakers.limited()) return;
  batch.vacate_seats(room.speakers.room);
  batch.assign(room.speakers, sfu::Speakers{});
}

}  // namespace penstock::control::rooms
