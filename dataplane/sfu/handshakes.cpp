#include "dataplane/sfu/handshakes.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>

namespace penstock::sfu {
namespace {

// Flights sent per pass at most; a flight is one to four datagrams.
constexpr std::size_t kFlightBudget = 16;

bool post(Core& core, EndpointSlot slot, std::span<const std::uint8_t> bytes) {
  HandshakeDatagram& datagram = core.handshake_out;
  datagram.endpoint = slot;
  datagram.generation = core.endpoints[slot].generation;
  datagram.size = static_cast<std::uint32_t>(bytes.size());
  std::copy(bytes.begin(), bytes.end(), datagram.bytes.begin());
  const bool sent = core.lanes.to_handshake.send(datagram);
  core.wake_handshakes |= sent;
  return sent;
}

void send_flight(Core& core, const HandshakeDatagram& datagram) {
  const Endpoint& endpoint = core.endpoints[datagram.endpoint];
  if (endpoint.generation != datagram.generation || !endpoint.connected) return;  // it has ended meanwhile
  net::Packet* p = core.shard.originate();
  if (p == nullptr) return;  // DTLS sends flights again
  std::memcpy(rte_pktmbuf_append(p, static_cast<std::uint16_t>(datagram.size)), datagram.bytes.data(), datagram.size);
  aim(p, endpoint);
  core.stats.handshake_sent.add();
  core.shard.send(p);
}

// So that nobody can fill the lane that all share. A handshake is a few dozen datagrams, retransmissions included.
bool within_rate(Core& core, EndpointSlot slot) {
  constexpr std::uint8_t kPerSecond = 100;
  constexpr std::uint64_t kSecondNs = 1'000'000'000;
  Endpoint& endpoint = core.endpoints[slot];
  if (core.now_ns() - endpoint.handshake_second_ns >= kSecondNs) {
    endpoint.handshake_second_ns = core.now_ns();
    endpoint.handshake_datagrams = 0;
  }
  if (endpoint.handshake_datagrams == kPerSecond) return false;
  ++endpoint.handshake_datagrams;
  return true;
}

}  // namespace

void take_handshake(Core& core, EndpointSlot slot, net::Packet* p) {
  core.stats.handshake_received.add();
  core.board.endpoints[slot].handshake_datagrams.add();
  const auto bytes = net::payload(p);
  if (bytes.size() > kMostHandshakeBytes || !within_rate(core, slot) || !post(core, slot, bytes)) {
    core.stats.handshake_overflows.add();
    return core.shard.drop(p, net::Drop::handshake_overflow);
  }
  core.shard.consume(p);
}

void announce_pair(Core& core, EndpointSlot slot) {
  if (core.endpoints[slot].announce_pair && post(core, slot, {})) core.endpoints[slot].announce_pair = false;
}

bool exchange_handshakes(Core& core) {
  std::size_t sent = 0;
  while (sent < kFlightBudget && core.lanes.to_worker.take(std::span(&core.handshake_in, 1)) == 1) {
    send_flight(core, core.handshake_in);
    ++sent;
  }
  if (core.wake_handshakes) {
    core.wake_handshakes = false;
    const std::uint64_t one = 1;
    // Its count cannot overflow as long as the thread reads it; when it does not, waking it is of no use either.
    [[maybe_unused]] const ssize_t written = write(core.lanes.wake_descriptor, &one, sizeof one);
  }
  return sent == kFlightBudget;
}

}  // namespace penstock::sfu
