#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "bench/load/sfu/run/changes.h"
#include "bench/load/sfu/run/guests.h"
#include "bench/load/sfu/run/scenarios.h"
#include "bench/load/sfu/run/window.h"
#include "bench/load/turn/clock.h"

namespace penstock::load::sfu {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kGrace_s = 2;
constexpr unsigned kPriorities = 200;

/// Viewers of `room`; their seats are 1 and up.
std::vector<std::string> viewer_paths(const Room& room) {
  std::vector<std::string> paths;
  for (std::size_t seat = 1; seat < room.participants().size(); ++seat) {
    paths.push_back(fmt::format("{}/endpoints/p{}", room.path(), seat));
  }
  return paths;
}

/// PATCHes that change no packet: the priority of viewers' subscriptions.
ChangeOptions priorities(const Room& room, double per_second) {
  auto paths = viewer_paths(room);
  for (std::string& path : paths) path += fmt::format("/subscriptions/p0.{}", kVideoTrack);
  return {std::move(paths), [](std::uint64_t n) { return nlohmann::json{{"priority", 1 + n % kPriorities}}; },
          per_second};
}

/// Viewers move from worker to worker, one after the other.
ChangeOptions moves(const Room& room, unsigned workers, double per_second) {
  auto paths = viewer_paths(room);
  const std::size_t viewers = paths.size();
  const auto body = [=](std::uint64_t n) { return nlohmann::json{{"worker", (1 + n / viewers) % workers}}; };
  return {std::move(paths), body, per_second};
}

/// One window of what goes on.
Json measured(Stage& stage, const char* phase, media::Tally& tally) {
  Window window(stage, {&tally});
  stage.loop->run_until(now_ns() + to_ns(stage.options.duration_s));
  window.close();
  Json step = {{"phase", phase}};
  step.update(window.to_json());
  step["media"] = to_json(tally);
  return step;
}

Json to_json(const GuestTally& guests, double seconds) {
  return {{"begun", guests.begun},
          {"connected", guests.connected},
          {"connected_per_second", static_cast<double>(guests.connected) / seconds},
          {"failed", guests.failed},
          {"refused", guests.refused},
          {"held_back", guests.held_back},
          {"setup_us", latency_us(guests.setup)},
          {"last_error", guests.last_error}};
}

Json to_json(const ChangeTally& changes, double seconds) {
  return {{"done", changes.done},
          {"done_per_second", static_cast<double>(changes.done) / seconds},
          {"refused", changes.refused},
          {"took_us", latency_us(changes.took)},
          {"last_error", changes.last_error}};
}

/// The load itself, from now until it goes out of scope: each kind with an API connection of its own.
struct Churn {
  ApiThread guest_api, change_api, move_api;
  Guests guests;
  Changes changes, moving;

  Churn(Stage& stage, const Room& room, std::array<ApiClient, 3> apis)
      : guest_api(std::move(apis[0])),
        change_api(std::move(apis[1])),
        move_api(std::move(apis[2])),
        guests(*stage.loop, guest_api,
               {.room_path = room.path(),
                .local = stage.options.locals.front(),
                .per_second = stage.options.handshakes_per_s,
                .most_at_once = stage.options.concurrency}),
        changes(stage.loop->schedule(), change_api, priorities(room, stage.options.operations_per_s)),
        moving(stage.loop->schedule(), move_api,
               moves(room, std::max(stage.options.over_workers, 2u), stage.options.moves_per_s)) {}
};

}  // namespace

Report run_churn(const Options& options) {
  auto stage = Stage::set(options, options.beside + 1 + options.concurrency);
  if (!stage) return tl::unexpected(stage.error());
  auto first = ApiClient::create(options.http);
  auto second = ApiClient::create(options.http);
  auto third = ApiClient::create(options.http);
  if (!first || !second || !third) return tl::unexpected(first.error());  // one address: all or none
  media::Tally tally;
  auto room = stage->open(tally, broadcast_seats(options.media, options.beside));
  if (!room) return tl::unexpected(room.error());
  if (auto ready = (*room)->await_connected(options.patience_s); !ready) {
    return tl::unexpected(ready.error());
  }
  stage->loop->run_until(now_ns() + to_ns(options.warmup_s));
  Json quiet = measured(*stage, "quiet", tally);

  Churn churn(*stage, **room, {std::move(*first), std::move(*second), std::move(*third)});
  stage->loop->run_until(now_ns() + to_ns(options.warmup_s));
  churn.guests.tally() = {};
  churn.changes.tally() = {};
  churn.moving.tally() = {};
  Json busy = measured(*stage, "churn", tally);
  busy["handshakes"] = to_json(churn.guests.tally(), options.duration_s);
  busy["operations"] = to_json(churn.changes.tally(), options.duration_s);
  busy["moves"] = to_json(churn.moving.tally(), options.duration_s);
  churn.guests.stop();
  const std::uint64_t grace_ends = now_ns() + to_ns(kGrace_s);
  while (churn.guests.at_once() > 0 && now_ns() < grace_ends) stage->loop->turn(grace_ends);

  const auto p99 = [](const Json& step) { return step["media"]["video"]["latency_us"]["p99"].get<double>(); };
  const double ratio = p99(quiet) > 0 ? p99(busy) / p99(quiet) : 0;
  const Json handshakes = busy["handshakes"], operations = busy["operations"];
  return Json{{"steps", Json::array({quiet, busy})},
              {"handshakes_per_second", handshakes["connected_per_second"]},
              {"handshakes_failed", handshakes["failed"]},
              {"handshake_setup_p99_us", handshakes["setup_us"]["p99"]},
              {"operations_per_second", operations["done_per_second"]},
              {"operation_p99_us", operations["took_us"]["p99"]},
              {"moves_per_second", busy["moves"]["done_per_second"]},
              {"p99_latency_of_quiet", ratio}};
}

}  // namespace penstock::load::sfu
