#pragma once
// The gateway's ARP (RFC 826): asks for the relay's address, answers for its own.

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <tl/expected.hpp>

#include "bench/load/frames/cast.h"
#include "bench/load/frames/link.h"
#include "dataplane/net/frame_headers.h"

namespace penstock::frames {

using ArpFrame = std::array<std::uint8_t, 42>;

class Gateway {
 public:
  Gateway(const Cast& cast, const net::MacAddress& mac) : own_(cast.gateway), relay_(cast.server.address), mac_(mac) {}

  /// "Who has the relay's address?"
  ArpFrame request() const;
  /// A frame that arrived and may be ARP. The answer to send, if it asks for us; an answer to request() is noted.
  std::optional<ArpFrame> input(std::span<const std::uint8_t> frame);
  const net::Address& relay() const { return relay_; }
  /// Its MAC address, once it answered.
  const std::optional<net::MacAddress>& relay_mac() const { return relay_mac_; }

 private:
  ArpFrame frame(std::uint16_t operation, const net::MacAddress& to, const net::MacAddress& target_mac,
                 const net::Address& target) const;

  net::Address own_;
  net::Address relay_;
  net::MacAddress mac_;
  std::optional<net::MacAddress> relay_mac_;
};

/// Asks for the relay's MAC address until it is known; other frames are lost meanwhile. The error says that nobody
/// answers.
tl::expected<net::MacAddress, std::string> find_relay(Link& link, Gateway& gateway);

}  // namespace penstock::frames
