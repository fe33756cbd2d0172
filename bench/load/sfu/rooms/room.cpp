#include "bench/load/sfu/rooms/room.h"

#include <fmt/format.h>

#include <algorithm>

#include "bench/load/sfu/peer/ortc.h"
#include "bench/load/sfu/rooms/batch.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {
namespace {

using media::source_of;
using nlohmann::json;

constexpr double kLook_s = 0.02;  ///< between two looks at who is connected
constexpr const char* kRids[] = {"q", "h", "f"};

/// Numbers that no other stream of this process has.
std::uint32_t next_ssrc() {
  static std::uint32_t next = 0x1000'0000;
  return next++;
}
std::uint32_t next_track() {
  static std::uint32_t next = 1;
  return next++;
}

std::string seat_name(std::size_t seat) {
  return fmt::format("p{}", seat);
}

/// The stamps' track numbers of what a seat publishes.
struct Published {
  std::uint32_t audio = 0, video = 0;
};

Published number_sources(Seat& seat) {
  Published published;
  if (seat.audio) {
    published.audio = next_track();
    seat.audio->mid = "a";
    seat.audio->ssrc = next_ssrc();
    seat.audio->source = source_of(published.audio, 0);
  }
  if (!seat.video) return published;
  published.video = next_track();
  auto& encodings = seat.video->encodings;
  for (std::size_t i = 0; i < encodings.size(); ++i) {
    encodings[i].mid = "v";
    encodings[i].rid = encodings.size() > 1 ? kRids[i + 3 - encodings.size()] : "";
    encodings[i].ssrc = next_ssrc();
    encodings[i].rtx_ssrc = next_ssrc();
    encodings[i].source = source_of(published.video, static_cast<std::uint32_t>(i));
  }
  return published;
}

json endpoint_body(const peer::Endpoint& endpoint, const Seat& seat) {
  json body = peer::to_ortc(endpoint.local());
  body["tracks"] = json::object();
  if (seat.audio) body["tracks"][kAudioTrack] = track_body(*seat.audio);
  if (seat.video) body["tracks"][kVideoTrack] = track_body(*seat.video);
  return body;
}

/// Makes a seat's subscriptions, and what it expects of each.
std::vector<media::StreamOptions> subscribe(Batch& batch, const std::string& endpoint_path, const Seat& seat,
                                            const std::vector<Published>& published) {
  std::vector<media::StreamOptions> streams;
  for (const Reception& reception : seat.receptions) {
    const std::string publisher = seat_name(reception.publisher);
    for (const bool video : {false, true}) {
      if (!(video ? reception.video : reception.audio)) continue;
      SubscriptionBody body;
      body.publisher = publisher;
      body.video = video;
      body.mid = std::to_string(streams.size());
      body.ssrc = next_ssrc();
      body.rtx_ssrc = video ? next_ssrc() : 0;
      if (video) body.max_spatial_layer = reception.max_spatial_layer;
      body.priority = reception.priority;
      const Published& of = published[reception.publisher];
      streams.push_back({.video = video,
                         .ssrc = body.ssrc,
                         .rtx_ssrc = body.rtx_ssrc,
                         .track = video ? of.video : of.audio,
                         .flood = seat.flood});
      batch.put(fmt::format("{}/subscriptions/{}.{}", endpoint_path, publisher, video ? kVideoTrack : kAudioTrack),
                to_json(body));
    }
  }
  return streams;
}

}  // namespace

tl::expected<std::unique_ptr<Room>, std::string> Room::open(peer::Loop& loop, ApiClient& api, media::Tally& tally,
                                                            RoomOptions options) {
  std::unique_ptr<Room> room(new Room(loop, api, "/v1/rooms/" + options.name));
  auto programmed = room->program(tally, options);
  if (!programmed) return tl::unexpected(fmt::format("room {}: {}", options.name, programmed.error()));
  return room;
}

tl::expected<void, std::string> Room::program(media::Tally& tally, RoomOptions& options) {
  if (auto made = api_.put(path_, json::object()); !made) return tl::unexpected(made.error());
  Batch endpoints(api_);
  std::vector<Published> published;
  std::vector<peer::Endpoint*> opened;
  for (std::size_t i = 0; i < options.seats.size(); ++i) {
    auto endpoint = loop_.open(options.local);
    if (!endpoint) return tl::unexpected(endpoint.error());
    opened.push_back(*endpoint);
    published.push_back(number_sources(options.seats[i]));
    json body = endpoint_body(**endpoint, options.seats[i]);
    if (options.seats[i].worker != Seat::kAnyWorker) body["worker"] = options.seats[i].worker;
    endpoints.put(fmt::format("{}/endpoints/{}", path_, seat_name(i)), std::move(body));
  }
  const auto answers = endpoints.post();
  if (!answers) return tl::unexpected(answers.error());

  Batch subscriptions(api_);
  for (std::size_t i = 0; i < options.seats.size(); ++i) {
    const Seat& seat = options.seats[i];
    media::ParticipantOptions participant{.audio = seat.audio, .video = seat.video, .streams = {}};
    participant.streams =
        subscribe(subscriptions, fmt::format("{}/endpoints/{}", path_, seat_name(i)), seat, published);
    participant.rtcp_interval_ns = seat.rtcp_interval_ns;
    subscriptions_ += participant.streams.size();
    participants_.push_back(std::make_unique<media::Participant>(loop_, *opened[i], participant, tally));
    if (media::VideoSource* const video = participants_.back()->video()) video->pause(seat.paused);
  }
  if (const auto made = subscriptions.post(); !made) return tl::unexpected(made.error());
  for (std::size_t i = 0; i < opened.size(); ++i) {
    const auto remote = peer::from_ortc((*answers)[i].value("local", json()));
    if (!remote) return tl::unexpected(remote.error());
    if (auto begun = opened[i]->connect(*remote); !begun) return tl::unexpected(begun.error());
  }
  return {};
}

Room::~Room() {
  participants_.clear();
  (void)api_.remove(path_);
}

std::size_t Room::connected() const {
  return static_cast<std::size_t>(std::count_if(participants_.begin(), participants_.end(), [](const auto& p) {
    return p->endpoint().state() == peer::State::connected;
  }));
}

std::string Room::failure() const {
  for (const auto& participant : participants_) {
    if (!participant->endpoint().failure().empty()) return participant->endpoint().failure();
  }
  return {};
}

tl::expected<void, std::string> Room::await_connected(double patience_s) {
  const std::uint64_t deadline = now_ns() + to_ns(patience_s);
  for (;;) {
    if (const std::string why = failure(); !why.empty()) return tl::unexpected(path_ + ": " + why);
    const std::size_t missing = participants_.size() - connected();
    if (missing == 0) return {};
    if (now_ns() > deadline) {
      return tl::unexpected(fmt::format("{}: {} endpoints are not connected in time", path_, missing));
    }
    loop_.run_until(std::min(deadline, now_ns() + to_ns(kLook_s)));
  }
}

tl::expected<void, std::string> await_connected(const std::vector<std::unique_ptr<Room>>& rooms, double patience_s) {
  for (const auto& room : rooms) {
    if (auto ready = room->await_connected(patience_s); !ready) return ready;
  }
  return {};
}

}  // namespace penstock::load::sfu
