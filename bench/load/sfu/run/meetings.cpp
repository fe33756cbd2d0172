#include <algorithm>

#include "bench/load/sfu/run/scenarios.h"
#include "bench/load/sfu/run/window.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {
namespace {

constexpr double kBusyEnough = 0.9;
constexpr double kLossEnough = 0.001;

/// Everybody sees one of the others large and the rest small, and hears all.
std::vector<Seat> meeting_seats(const Options& options) {
  std::vector<Seat> seats(options.seats);
  for (std::size_t i = 0; i < seats.size(); ++i) {
    seats[i].video = camera(options.media);
    if (options.media.audio) seats[i].audio.emplace();
    for (std::size_t other = 0; other < seats.size(); ++other) {
      if (other == i) continue;
      const bool large = other == (i + 1) % seats.size();
      Reception reception{.publisher = other, .audio = options.media.audio, .video = true, .max_spatial_layer = {}};
      if (!large) reception.max_spatial_layer = 0;
      reception.priority = large ? 10 : 1;
      seats[i].receptions.push_back(reception);
    }
  }
  return seats;
}

tl::expected<void, std::string> add_meetings(Stage& stage, media::Tally& tally,
                                             std::vector<std::unique_ptr<Room>>& rooms, unsigned count) {
  while (rooms.size() < count) {
    auto room = stage.open(tally, meeting_seats(stage.options));
    if (!room) return tl::unexpected(room.error());
    rooms.push_back(std::move(*room));
    stage.loop->run_until(now_ns());
  }
  return await_connected(rooms, stage.options.patience_s);
}

}  // namespace

Report run_meetings(const Options& options) {
  auto stage = Stage::set(options, options.most_meetings * options.seats);
  if (!stage) return tl::unexpected(stage.error());
  media::Tally tally;
  std::vector<std::unique_ptr<Room>> rooms;
  nlohmann::ordered_json steps = nlohmann::ordered_json::array();
  unsigned carried = 0;
  double meetings_per_core = 0;
  std::string ended = "--most";
  for (unsigned count = options.meetings; count <= options.most_meetings; count += options.meetings) {
    if (auto added = add_meetings(*stage, tally, rooms, count); !added) return tl::unexpected(added.error());
    stage->loop->run_until(now_ns() + to_ns(options.warmup_s));
    Window window(*stage, {&tally});
    stage->loop->run_until(now_ns() + to_ns(options.duration_s));
    window.close();
    nlohmann::ordered_json step = {{"meetings", count}};
    step.update(window.to_json());
    step["media"] = to_json(tally);
    const double busy = window.relay().busy();
    // What the workers' CPU time of this step would carry at the busiest we allow.
    const double per_core = busy > 0 ? count / busy * kBusyEnough / window.relay().workers : 0;
    step["meetings_per_core_by_cost"] = per_core;
    steps.push_back(std::move(step));
    const auto received = static_cast<double>(tally.media_packets());
    const auto missed = static_cast<double>(tally.video.missed() + tally.audio.missed());
    if (missed > kLossEnough * received) {
      ended = "loss";
      break;
    }
    carried = count;
    meetings_per_core = per_core;
    if (busy > kBusyEnough) {
      ended = "busy";
      break;
    }
  }
  return nlohmann::ordered_json{{"steps", steps},
                                {"carried_meetings", carried},
                                {"meetings_per_core_by_cost", meetings_per_core},
                                {"ended_by", ended}};
}

}  // namespace penstock::load::sfu
