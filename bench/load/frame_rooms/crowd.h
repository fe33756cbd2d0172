#pragma once
// Everybody in the room, as far as transports: programmed at the relay, checked, keys exchanged, consent kept fresh.

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "bench/load/frame_rooms/program.h"
#include "bench/load/frame_rooms/station.h"
#include "bench/load/frame_rooms/wire.h"
#include "bench/load/frames/gateway.h"
#include "dataplane/srtp/cipher.h"

namespace penstock::frame_rooms {

/// Participant 0 publishes.
class Crowd {
 public:
  /// All must outlive it; `cipher` has two contexts for each participant.
  Crowd(Wire& wire, frames::Gateway& gateway, const load::peer::Identity& identity, srtp::Cipher& cipher);

  /// Programs the room and connects everybody, at most `concurrency` at once. The error says who failed, and why.
  tl::expected<void, std::string> establish(Program& program, unsigned concurrency);

  /// A datagram of ICE or DTLS for participant i.
  void receive(std::uint32_t i, std::span<const std::uint8_t> datagram, std::uint64_t now_ns) {
    stations_[i].receive(datagram, now_ns);
  }
  /// Keeps i's consent fresh.
  void poll(std::uint32_t i, std::uint64_t now_ns) { stations_[i].poll(now_ns); }
  void send(std::uint32_t i, std::span<const std::uint8_t> datagram) { wire_.send(i, stations_[i].remote(), datagram); }

  std::uint32_t size() const { return static_cast<std::uint32_t>(stations_.size()); }
  const net::Endpoint& remote_of(std::uint32_t i) const { return stations_[i].remote(); }
  srtp::Profile profile_of(std::uint32_t i) const { return stations_[i].keys()->send.profile; }
  double seconds() const { return seconds_; }

  static srtp::ContextId receive_context(std::uint32_t i) { return 2 * i; }
  static srtp::ContextId send_context(std::uint32_t i) { return 2 * i + 1; }

 private:
  tl::expected<void, std::string> connect(std::vector<load::peer::TransportParameters>& remotes, unsigned concurrency);
  void turn_over();
  void install_keys();

  Wire& wire_;
  frames::Gateway& gateway_;
  srtp::Cipher& cipher_;
  std::vector<Station> stations_;
  double seconds_ = 0;
};

}  // namespace penstock::frame_rooms
