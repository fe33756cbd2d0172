#include "bench/load/sfu/run/scenarios.h"
#include "bench/load/sfu/run/window.h"
#include "bench/load/turn/clock.h"
#include "bench/load/turn/server_process.h"

namespace penstock::load::sfu {
namespace {

using Json = nlohmann::ordered_json;

/// Viewers of so many tracks each, which send or do not.
struct Crowd {
  const char* name;
  unsigned viewers;
  unsigned tracks;
  bool active;
};

std::vector<Seat> crowd_seats(const MediaOptions& media, const Crowd& crowd) {
  MediaOptions options = media;
  options.layers = 1;
  std::vector<Seat> seats(crowd.tracks + crowd.viewers);
  for (unsigned i = 0; i < crowd.tracks; ++i) {
    seats[i].video = camera(options);
    seats[i].paused = !crowd.active;
  }
  for (std::size_t i = crowd.tracks; i < seats.size(); ++i) {
    for (unsigned track = 0; track < crowd.tracks; ++track) {
      seats[i].receptions.push_back({.publisher = track, .audio = false, .video = true, .max_spatial_layer = {}});
    }
  }
  return seats;
}

/// Resident memory that a crowd adds, per viewer.
tl::expected<double, std::string> added_by(Stage& stage, const ServerProcess& relay, media::Tally& tally,
                                           std::vector<std::unique_ptr<Room>>& rooms, const Crowd& crowd) {
  const std::uint64_t before = relay.resident_bytes();
  auto room = stage.open(tally, crowd_seats(stage.options.media, crowd));
  if (!room) return tl::unexpected(room.error());
  rooms.push_back(std::move(*room));
  if (auto ready = rooms.back()->await_connected(stage.options.patience_s); !ready) {
    return tl::unexpected(ready.error());
  }
  stage.loop->run_until(now_ns() + to_ns(stage.options.warmup_s));  // until handshakes are forgotten
  return (static_cast<double>(relay.resident_bytes()) - static_cast<double>(before)) / crowd.viewers;
}

}  // namespace

Report run_memory(const Options& options) {
  if (!options.pid) return tl::unexpected(std::string("memory needs --pid"));
  const auto relay = ServerProcess::attach(*options.pid);
  if (!relay) return tl::unexpected(relay.error());
  const unsigned n = options.endpoints;
  const Crowd crowds[] = {{"first use", n / 10 + 1, 1, true},
                          {"one idle subscription", n, 1, false},
                          {"many idle subscriptions", n, options.subscriptions, false},
                          {"one active subscription", n / 5 + 1, 1, true}};
  auto stage = Stage::set(options, 3 * n + n / 5 + options.subscriptions + 16);
  if (!stage) return tl::unexpected(stage.error());
  media::Tally tally;
  std::vector<std::unique_ptr<Room>> rooms;
  Json steps = Json::array();
  double added[4] = {};
  for (std::size_t i = 0; i < 4; ++i) {
    const auto bytes = added_by(*stage, *relay, tally, rooms, crowds[i]);
    if (!bytes) return tl::unexpected(bytes.error());
    added[i] = *bytes;
    steps.push_back({{"crowd", crowds[i].name},
                     {"viewers", crowds[i].viewers},
                     {"subscriptions", crowds[i].viewers * crowds[i].tracks},
                     {"bytes_per_viewer", added[i]},
                     {"relay_resident_bytes", relay->resident_bytes()}});
  }
  return Json{{"steps", steps},
              {"endpoint_with_idle_subscription_bytes", added[1]},
              {"further_idle_subscription_bytes", (added[2] - added[1]) / (options.subscriptions - 1)},
              {"active_subscription_bytes", added[3] - added[1]}};
}

}  // namespace penstock::load::sfu
