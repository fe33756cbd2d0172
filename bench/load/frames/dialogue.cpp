#include "bench/load/frames/dialogue.h"

#include <fmt/format.h>

#include <array>

#include "bench/load/frames/datagram.h"
#include "bench/load/turn/clock.h"
#include "dataplane/net/frame.h"

namespace penstock::frames {
namespace {

constexpr std::uint64_t kReleaseNs = 5'000'000'000;

std::vector<load::TurnClient> make_clients(const Cast& cast, load::Credentials& credentials) {
  std::vector<load::TurnClient> clients;
  clients.reserve(cast.flows);
  for (std::uint32_t i = 0; i < cast.flows; ++i) {
    clients.emplace_back(credentials, Cast::channel_of(i), cast.peer_of(i));
  }
  return clients;
}

}  // namespace

Dialogue::Dialogue(Link& link, Gateway& gateway, const Cast& cast, const std::string& user, const std::string& password,
                   unsigned concurrency)
    : link_(link),
      gateway_(gateway),
      cast_(cast),
      credentials_(user, password),
      clients_(make_clients(cast, credentials_)),
      negotiator_(
          clients_, [this](std::uint32_t client, stun::Bytes request) { send(client, request); }, concurrency) {}

void Dialogue::send(std::uint32_t client, stun::Bytes request) {
  const net::LinkHeader header{*gateway_.relay_mac(), link_.mac()};
  (void)link_.send_copy(datagram_frame(header, cast_.client_of(client), cast_.server, request));
}

void Dialogue::turn_over() {
  const std::uint64_t now = load::now_ns();
  negotiator_.advance(now);
  std::array<net::Packet*, 64> packets;
  const std::uint16_t n = link_.receive(packets);
  for (std::uint16_t i = 0; i < n; ++i) {
    const auto bytes = net::payload(const_cast<const net::Packet*>(packets[i]));
    const net::Frame frame = net::parse_frame(bytes);
    if (frame.kind == net::FrameKind::datagram) {
      // Whether it is for the right client shows in its transaction id.
      if (net::verified_payload_sum(bytes, frame)) {
        negotiator_.input(bytes.subspan(frame.payload, frame.payload_size), now);
      }
    } else if (const auto answer = gateway_.input(bytes)) {
      (void)link_.send_copy(*answer);
    }
    net::free(packets[i]);
  }
}

tl::expected<void, std::string> Dialogue::establish() {
  const std::uint64_t start = load::now_ns();
  negotiator_.start({load::Request::allocate, load::Request::channel});
  while (!negotiator_.done()) turn_over();
  seconds_ = static_cast<double>(load::now_ns() - start) / 1e9;
  const load::NegotiationTally& tally = negotiator_.tally();
  if (tally.flawless()) return {};
  return tl::unexpected(fmt::format("of {} allocations only {} could be set up: {}", clients_.size(), tally.completed,
                                    tally.complaint()));
}

void Dialogue::release() {
  negotiator_.start({load::Request::remove});
  const std::uint64_t deadline = load::now_ns() + kReleaseNs;
  while (!negotiator_.done() && load::now_ns() < deadline) turn_over();
}

std::vector<net::Endpoint> Dialogue::relayed() const {
  std::vector<net::Endpoint> all;
  for (const load::TurnClient& client : clients_) all.push_back(client.relayed().value_or(net::Endpoint{}));
  return all;
}

}  // namespace penstock::frames
