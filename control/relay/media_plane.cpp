#include "control/relay/media_plane.h"

#include <fmt/format.h>

#include <algorithm>

namespace penstock::control {
namespace {

using Lane = net::Mailbox<sfu::HandshakeDatagram>;

constexpr std::uint64_t kNsPerS = 1'000'000'000;

std::vector<net::Address> addresses_of(const Plan& plan) {
  std::vector<net::Address> addresses;
  for (const net::Endpoint& e : plan.listen) {
    if (std::ranges::find(addresses, e.address) == addresses.end()) addresses.push_back(e.address);
  }
  return addresses;
}

sfu::SfuSettings settings_of(const Config& config, const Plan& plan, std::size_t worker) {
  const MediaSection& media = config.media;
  sfu::SfuSettings settings;
  for (const net::Address& address : addresses_of(plan)) {
    settings.listen.push_back({address, static_cast<std::uint16_t>(media.port + worker)});
  }
  settings.sizes = {.endpoints = media.endpoints, .tracks = media.tracks, .subscriptions = media.subscriptions};
  settings.media_packets = media.packets;
  settings.outgoing_packets = media.outgoing;
  settings.cipher = media.cipher;
  settings.consent_ns = media.consent_s * kNsPerS;
  return settings;
}

// A 1:1 NAT maps addresses, not ports.
net::Endpoint as_seen_outside(const net::Endpoint& bound, const Plan& plan) {
  const auto mapped = std::ranges::find(plan.relay, bound.address, &turn::RelayAddress::address);
  return {mapped == plan.relay.end() ? bound.address : mapped->advertised, bound.port};
}

}  // namespace

tl::expected<std::unique_ptr<MediaPlane>, std::string> MediaPlane::create(const Config& config, const Plan& plan) {
  if (config.media.port + plan.cores.size() > 65536) {
    return tl::unexpected(fmt::format("media.port: {} workers need as many ports from {} on; choose a lower one",
                                      plan.cores.size(), config.media.port));
  }
  std::unique_ptr<MediaPlane> plane(new MediaPlane);
  const auto workers = static_cast<std::uint16_t>(plan.cores.size());
  auto neighbours =
      sfu::Neighbours::create("neighbours-", sfu::NeighbourOptions::suiting(workers, config.media.packets));
  if (!neighbours) return tl::unexpected(neighbours.error());
  plane->neighbours_ = std::move(*neighbours);
  // A room that is limited has somebody in it.
  plane->speakers_ = std::make_unique<sfu::SpeakerBoard>(workers * config.media.endpoints);
  for (std::size_t i = 0; i < plan.cores.size(); ++i) {
    auto to_handshake = Lane::create(fmt::format("to-handshake-{}", i), sfu::HandshakeLanes::kCapacity);
    if (!to_handshake) return tl::unexpected(to_handshake.error());
    auto to_worker = Lane::create(fmt::format("from-handshake-{}", i), sfu::HandshakeLanes::kCapacity);
    if (!to_worker) return tl::unexpected(to_worker.error());
    sfu::SfuSettings settings = settings_of(config, plan, i);
    std::vector<net::Endpoint> advertised;
    for (const net::Endpoint& e : settings.listen) advertised.push_back(as_seen_outside(e, plan));
    const sfu::BoardSizes sizes = settings.sizes;
    plane->workers_.push_back(std::unique_ptr<Worker>(new Worker{std::move(settings),
                                                                 std::move(advertised),
                                                                 sfu::Board(sizes),
                                                                 {std::move(*to_handshake), std::move(*to_worker)}}));
  }
  return plane;
}

std::vector<sfu::HandshakeLanes*> MediaPlane::all_lanes() {
  std::vector<sfu::HandshakeLanes*> lanes;
  for (const auto& worker : workers_) lanes.push_back(&worker->lanes);
  return lanes;
}

tl::expected<std::unique_ptr<sfu::SfuService>, std::string> MediaPlane::start_service(engine::Shard& shard) {
  Worker& worker = *workers_[shard.worker()];
  auto service =
      sfu::SfuService::create(shard, worker.settings, worker.lanes, worker.board, neighbours_.get(), speakers_.get());
  if (!service) return service;
  if (auto bound = (*service)->start(); !bound) return tl::unexpected(bound.error());
  worker.service = service->get();
  return service;
}

std::vector<net::Endpoint> media_endpoints(const Config& config, const Plan& plan) {
  std::vector<net::Endpoint> endpoints;
  for (std::size_t i = 0; i < plan.cores.size() && config.http.enabled(); ++i) {
    const auto of_worker = settings_of(config, plan, i).listen;
    endpoints.insert(endpoints.end(), of_worker.begin(), of_worker.end());
  }
  return endpoints;
}

}  // namespace penstock::control
