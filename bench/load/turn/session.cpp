#include "bench/load/turn/session.h"

#include <fmt/format.h>

#include "dataplane/stun/channel_data.h"

namespace penstock::load {
namespace {

constexpr std::size_t kLargestAnswer = 2048;
constexpr std::uint64_t kReleaseNs = 3'000'000'000;

std::vector<TurnClient> make_clients(const Options& options, Credentials& credentials,
                                     const std::vector<UdpSocket>& peers) {
  std::vector<TurnClient> clients;
  for (unsigned i = 0; i < options.allocations; ++i) {
    // A channel number is unique within its allocation; spreading them keeps servers honest about that.
    const auto channel = static_cast<std::uint16_t>(stun::kFirstChannel + i % 4096);
    clients.emplace_back(credentials, channel, peers[i % peers.size()].local());
  }
  return clients;
}

Request opening_of(Framing framing) {
  return framing == Framing::channel_data ? Request::channel : Request::permission;
}

}  // namespace

std::vector<Request> refresh_program(Framing framing) {
  return {Request::refresh, opening_of(framing)};
}

tl::expected<std::unique_ptr<Session>, std::string> Session::open(const Options& options) {
  auto grid = ClientGrid::open(options);
  if (!grid) return tl::unexpected(grid.error());
  auto peers = open_peers(options.peer, options.peers, options.gro);
  if (!peers) return tl::unexpected(peers.error());
  return std::unique_ptr<Session>(new Session(options, std::move(*grid), std::move(*peers)));
}

Session::Session(const Options& options, ClientGrid grid, std::vector<UdpSocket> peers)
    : grid_(std::move(grid)),
      peers_(std::move(peers)),
      credentials_(options.user, options.password),
      clients_(make_clients(options, credentials_, peers_)),
      negotiator_(
          clients_,
          [this](std::uint32_t i, stun::Bytes request) { grid_.to_server(i).send(request.data(), request.size()); },
          options.concurrency),
      receiver_(options.gro, kLargestAnswer) {}

void Session::turn_over() {
  const std::uint64_t now = now_ns();
  negotiator_.advance(now);
  for (const UdpSocket& socket : grid_.sockets()) {
    receiver_.drain(socket.fd(), 4, [&](stun::Bytes datagram, std::size_t) { negotiator_.input(datagram, now); });
  }
}

tl::expected<void, std::string> Session::run(std::vector<Request> program) {
  finish();
  negotiator_.start(std::move(program));
  finish();
  const NegotiationTally& tally = negotiator_.tally();
  if (tally.flawless()) return {};
  return tl::unexpected(fmt::format("of {} allocations only {} could be set up: {}", clients_.size(), tally.completed,
                                    tally.complaint()));
}

tl::expected<void, std::string> Session::establish(Framing framing) {
  return run({Request::allocate, opening_of(framing)});
}

void Session::finish() {
  while (!negotiator_.done()) turn_over();
}

void Session::release() {
  finish();
  negotiator_.start({Request::remove});
  const std::uint64_t deadline = now_ns() + kReleaseNs;
  while (!negotiator_.done() && now_ns() < deadline) turn_over();
}

}  // namespace penstock::load
