#include "bench/load/frame_rooms/run.h"

#include <fmt/format.h>

#include "bench/load/frame_rooms/report.h"
#include "bench/load/frames/polling_thread.h"

namespace penstock::frame_rooms {
namespace {

using Report = tl::expected<nlohmann::ordered_json, std::string>;

constexpr double kPatienceS = 10;

Report measure(const Options& options, Broadcast& broadcast, const SetupResult& setup) {
  std::optional<frames::RelayWatcher> watcher;
  if (!options.metrics.empty()) {
    watcher.emplace(options.metrics, options.plan.duration_s, [&] { return broadcast.measuring(); });
  }
  const auto result = broadcast.run();
  if (!result) return tl::unexpected(result.error());
  std::optional<frames::ServerResult> server;
  if (watcher) {
    auto seen = watcher->result();
    if (!seen) return tl::unexpected(seen.error());
    server = std::move(*seen);
  }
  return to_json(options, setup, *result, server);
}

Report in_a_room(const Options& options, frames::Link& link) {
  frames::Gateway gateway(options.cast, link.mac());
  const auto mac = find_relay(link, gateway);
  if (!mac) return tl::unexpected(mac.error());
  const auto identity = load::peer::Identity::generate();
  if (!identity) return tl::unexpected(identity.error());
  const auto cipher = srtp::make_cipher(srtp::Kind::automatic, 2 * std::size_t{options.cast.flows});
  if (!cipher) return tl::unexpected(cipher.error());
  auto api = load::sfu::ApiClient::create(options.api);
  if (!api) return tl::unexpected(api.error());

  Program program(*api);
  Wire wire(link, options.cast, {*mac, link.mac()});
  Crowd crowd(wire, gateway, *identity, **cipher);
  if (auto ready = crowd.establish(program, options.concurrency); !ready) return tl::unexpected(ready.error());
  Broadcast broadcast(wire, gateway, crowd, **cipher, options.camera, options.plan);
  return measure(options, broadcast, {crowd.seconds(), std::string(srtp::name(crowd.profile_of(0)))});
}

}  // namespace

Report run(const Options& options) {
  auto link = frames::Link::open(options.link);
  if (!link) return tl::unexpected(link.error());
  if (!(*link)->wait_until_up(kPatienceS)) {
    return tl::unexpected(fmt::format("{}: nobody is at the other end", options.link.device));
  }
  return frames::on_polling_thread(options.cpu, [&]() -> Report {
    if (options.mode == Mode::room) return in_a_room(options, **link);
    return to_json(options, drain(**link, {options.plan.warmup_s, options.plan.duration_s, options.drain_pause_us}));
  });
}

}  // namespace penstock::frame_rooms
