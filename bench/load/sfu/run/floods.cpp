#include <fmt/format.h>

#include <algorithm>

#include "bench/load/sfu/run/flood_kinds.h"
#include "bench/load/sfu/run/garbage.h"
#include "bench/load/sfu/run/scenarios.h"
#include "bench/load/sfu/run/window.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {
namespace {

using Json = nlohmann::ordered_json;

constexpr unsigned kHostileViewers = 10;
constexpr unsigned kSilentViewers = 5;
constexpr std::uint64_t kFloodInterval_ns = 5'000'000;
constexpr double kFatFactor = 10;
/// At most so many endpoints are there beside the quiet room.
constexpr std::uint32_t kMostHostile = 2 * (kHostileViewers + 1);

/// The room that a flood comes from, and what else it takes. Destroyed: the flood is over.
struct Attack {
  media::Tally tally;
  std::unique_ptr<Room> room;
  std::unique_ptr<Garbage> garbage;

  std::uint64_t garbage_sent() const { return garbage ? garbage->sent() : 0; }
};

std::vector<Seat> hostile_seats(const MediaOptions& media, Flood flood) {
  MediaOptions options = media;
  if (flood == Flood::fat_publisher) options.bit_rate_scale *= kFatFactor;
  std::vector<Seat> seats = broadcast_seats(options, kHostileViewers);
  if (flood != Flood::feedback) return seats;
  for (std::size_t i = 1; i < seats.size(); ++i) {
    seats[i].flood = true;
    seats[i].rtcp_interval_ns = kFloodInterval_ns;
  }
  return seats;
}

tl::expected<void, std::string> start_garbage(Stage& stage, Attack& attack, GarbageKind kind) {
  peer::Endpoint& insider = attack.room->participants().back()->endpoint();
  const bool inside = kind != GarbageKind::stun;
  auto garbage = Garbage::start(stage.loop->schedule(), {.kind = kind,
                                                         .from = stage.options.locals.front(),
                                                         .to = insider.remote(),
                                                         .ufrag = insider.remote_parameters().ice_ufrag,
                                                         .per_second = static_cast<double>(stage.options.flood_pps),
                                                         .insider = inside ? &insider : nullptr});
  if (!garbage) return tl::unexpected(garbage.error());
  attack.garbage = std::move(*garbage);
  return {};
}

tl::expected<void, std::string> begin(Stage& stage, Attack& attack, Flood flood) {
  auto room = stage.open(attack.tally, hostile_seats(stage.options.media, flood));
  if (!room) return tl::unexpected(room.error());
  attack.room = std::move(*room);
  if (auto ready = attack.room->await_connected(stage.options.patience_s); !ready) return ready;
  switch (flood) {
    case Flood::stun:
      return start_garbage(stage, attack, GarbageKind::stun);
    case Flood::dtls:
      return start_garbage(stage, attack, GarbageKind::dtls);
    case Flood::media:
      return start_garbage(stage, attack, GarbageKind::media);
    case Flood::dead_link:
      for (unsigned i = 0; i < kSilentViewers; ++i) attack.room->participants()[1 + i]->endpoint().go_silent();
      return {};
    case Flood::closed_port:
      for (unsigned i = 0; i < kSilentViewers; ++i) attack.room->abandon_last();
      return {};
    case Flood::feedback:
    case Flood::fat_publisher:
      return {};
  }
  return {};
}

/// One window of the quiet room, with what happens beside it.
Json measured(Stage& stage, std::string_view phase, media::Tally& quiet, Attack* attack) {
  std::vector<media::Tally*> tallies{&quiet};
  if (attack != nullptr) tallies.push_back(&attack->tally);
  Window window(stage, tallies);
  const std::uint64_t garbage_before = attack != nullptr ? attack->garbage_sent() : 0;
  stage.loop->run_until(now_ns() + to_ns(stage.options.duration_s));
  window.close();
  Json step = {{"phase", phase}};
  step.update(window.to_json());
  step["media"] = to_json(quiet);
  if (attack == nullptr) return step;
  step["garbage_pps"] = static_cast<double>(attack->garbage_sent() - garbage_before) / window.relay().seconds;
  step["hostile"] = to_json(attack->tally);
  Json counted = Json::object();
  for (const auto& [series, count] : window.relay().after.grown_since(window.relay().before, "penstock_sfu_")) {
    if (series.find("latency") == std::string::npos) counted[series] = count;
  }
  step["relay_counted"] = counted;
  return step;
}

std::vector<Flood> chosen(const Options& options) {
  std::vector<Flood> floods;
  for (std::size_t i = 0; i < kFloodNames.size(); ++i) {
    const bool named = std::find(options.floods.begin(), options.floods.end(), kFloodNames[i]) != options.floods.end();
    if (options.floods.empty() || named) floods.push_back(static_cast<Flood>(i));
  }
  return floods;
}

}  // namespace

Report run_floods(const Options& options) {
  auto stage = Stage::set(options, options.beside + 1 + kMostHostile);
  if (!stage) return tl::unexpected(stage.error());
  media::Tally quiet;
  auto room = stage->open(quiet, broadcast_seats(options.media, options.beside));
  if (!room) return tl::unexpected(room.error());
  if (auto ready = (*room)->await_connected(options.patience_s); !ready) return tl::unexpected(ready.error());
  stage->loop->run_until(now_ns() + to_ns(options.warmup_s));

  Json steps = Json::array({measured(*stage, "quiet", quiet, nullptr)});
  std::uint64_t missed = 0, lost = 0;
  for (const Flood flood : chosen(options)) {
    Attack attack;
    if (auto begun = begin(*stage, attack, flood); !begun) {
      return tl::unexpected(fmt::format("{}: {}", name_of(flood), begun.error()));
    }
    stage->loop->run_until(now_ns() + to_ns(options.warmup_s));
    steps.push_back(measured(*stage, name_of(flood), quiet, &attack));
    missed += quiet.video.missed() + quiet.audio.missed();
    lost += quiet.video.lost + quiet.audio.lost;
  }
  return Json{{"steps", steps}, {"quiet_room_missed", missed}, {"quiet_room_lost", lost}};
}

}  // namespace penstock::load::sfu
