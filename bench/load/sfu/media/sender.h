#pragma once
// The sending half of an endpoint: what all its streams share.

#include <cstdint>
#include <span>

#include "bench/load/sfu/peer/endpoint.h"

namespace penstock::load::media {

class Sender {
 public:
  explicit Sender(peer::Endpoint& endpoint) : endpoint_(endpoint) {}

  /// Where to write the payload for the next send().
  std::span<std::uint8_t, peer::Outbox::kMostPayload> payload() { return endpoint_.outbox().payload(); }
  /// Adds the absolute send time and the transport-wide sequence number.
  void send(peer::RtpHead head, std::size_t payload_bytes, std::uint64_t now_ns) {
    head.values.set_abs_send_time(rtp::abs_send_time_at(now_ns));
    head.values.set_transport_sequence(static_cast<std::uint16_t>(packets_++));
    endpoint_.send(head, payload_bytes);
  }
  bool ready() const { return endpoint_.state() == peer::State::connected; }
  std::uint64_t packets() const { return packets_; }

 private:
  peer::Endpoint& endpoint_;
  std::uint64_t packets_ = 0;
};

}  // namespace penstock::load::media
