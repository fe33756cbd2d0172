#include "bench/load/frame_rooms/crowd.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <thread>

#include "bench/load/turn/clock.h"
#include "dataplane/net/packet_pool.h"

namespace penstock::frame_rooms {
namespace {

using load::peer::TransportParameters;

constexpr std::uint64_t kPollEveryNs = 5'000'000;
/// Of one participant: ICE gives up after 15 s, DTLS sends its flights again for longer.
constexpr double kPatienceS = 30;

}  // namespace

Crowd::Crowd(Wire& wire, frames::Gateway& gateway, const load::peer::Identity& identity, srtp::Cipher& cipher)
    : wire_(wire), gateway_(gateway), cipher_(cipher) {
  stations_.reserve(wire.participants());
  for (std::uint32_t i = 0; i < wire.participants(); ++i) {
    stations_.emplace_back(identity, wire.endpoint_of(i),
                           [this, i](std::span<const std::uint8_t> datagram) { send(i, datagram); });
  }
}

tl::expected<void, std::string> Crowd::establish(Program& program, unsigned concurrency) {
  std::vector<TransportParameters> locals;
  for (const Station& station : stations_) locals.push_back(station.local());
  auto remotes = program.make(locals);
  if (!remotes) return tl::unexpected(remotes.error());
  const std::uint64_t start = load::now_ns();
  auto connected = connect(*remotes, concurrency);
  seconds_ = static_cast<double>(load::now_ns() - start) / 1e9;
  if (connected) install_keys();
  return connected;
}

tl::expected<void, std::string> Crowd::connect(std::vector<TransportParameters>& remotes, unsigned concurrency) {
  struct UnderWay {
    std::uint32_t participant;
    std::uint64_t since_ns;
  };
  std::vector<UnderWay> under_way;
  std::uint32_t next = 0;
  for (std::uint64_t poll_ns = 0; next < size() || !under_way.empty();) {
    turn_over();
    const std::uint64_t now = load::now_ns();
    for (; next < size() && under_way.size() < concurrency; ++next) {
      under_way.push_back({next, now});
      stations_[next].connect(std::move(remotes[next]), now);
    }
    if (now < poll_ns) continue;
    poll_ns = now + kPollEveryNs;
    for (const UnderWay& one : under_way) {
      Station& station = stations_[one.participant];
      station.poll(now);
      const bool late = now > one.since_ns + load::to_ns(kPatienceS);
      if (station.state() == Station::State::failed || (late && station.state() != Station::State::connected)) {
        return tl::unexpected(
            fmt::format("participant {}: {}", one.participant, late ? "is not connected in time" : station.failure()));
      }
    }
    std::erase_if(under_way,
                  [&](const UnderWay& one) { return stations_[one.participant].state() == Station::State::connected; });
  }
  return {};
}

// While nothing arrives it sleeps: the relay's handshakes may have no other core than ours.
void Crowd::turn_over() {
  const std::uint64_t now = load::now_ns();
  std::array<net::Packet*, 64> packets;
  const std::uint16_t n = wire_.link().receive(packets);
  if (n == 0) std::this_thread::sleep_for(std::chrono::microseconds(50));
  for (std::uint16_t i = 0; i < n; ++i) {
    const auto bytes = net::payload(packets[i]);
    if (const auto arrival = wire_.read(bytes)) {
      if (is_sound(bytes)) receive(arrival->participant, arrival->datagram, now);
    } else if (const auto answer = gateway_.input(bytes)) {
      (void)wire_.link().send_copy(*answer);
    }
    net::free(packets[i]);
  }
}

void Crowd::install_keys() {
  for (std::uint32_t i = 0; i < size(); ++i) {
    cipher_.install(receive_context(i), stations_[i].keys()->receive);
    cipher_.install(send_context(i), stations_[i].keys()->send);
  }
}

}  // namespace penstock::frame_rooms
