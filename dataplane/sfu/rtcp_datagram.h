#pragma once
// One SRTCP datagram of ours to an endpoint.

#include <span>

#include "dataplane/rtp/rtcp_writer.h"
#include "dataplane/sfu/core.h"

namespace penstock::sfu {

/// Usage: make, check, write, send. What is not sent goes back to the pool.
class RtcpDatagram {
 public:
  /// What fits any path without fragments, with the SRTCP trailer behind it.
  static constexpr std::size_t kMostBytes = 1200;

  /// Empty, to be started by whoever writes the first packet.
  struct Bare {};
  /// Starts with an empty receiver report and CNAME, so that what follows makes a compound (RFC 3550 section 6.1).
  RtcpDatagram(Core& core, EndpointSlot slot);
  RtcpDatagram(Core& core, EndpointSlot slot, Bare);
  ~RtcpDatagram();
  RtcpDatagram(const RtcpDatagram&) = delete;
  RtcpDatagram& operator=(const RtcpDatagram&) = delete;

  /// False when the endpoint cannot be sent to yet, or no packet is left.
  explicit operator bool() const { return packet_ != nullptr; }
  rtp::RtcpWriter& writer() { return writer_; }
  /// The SSRC that our feedback to this endpoint comes from.
  rtp::Ssrc sender() const { return rtp::Ssrc{core_.endpoints[slot_].rtcp_ssrc}; }

  /// Protects and sends it.
  void send();

 private:
  static net::Packet* packet_for(Core& core, EndpointSlot slot);

  Core& core_;
  EndpointSlot slot_;
  net::Packet* packet_;
  rtp::RtcpWriter writer_;
};

}  // namespace penstock::sfu
