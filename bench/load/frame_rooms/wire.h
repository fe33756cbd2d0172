#pragma once
// The participants' addresses on the link: datagrams to frames, and frames to whom they are for.

#include <cstdint>
#include <optional>
#include <span>

#include "bench/load/frames/cast.h"
#include "bench/load/frames/link.h"
#include "dataplane/net/frame_headers.h"

namespace penstock::frame_rooms {

/// A datagram that arrived. Points into its frame.
struct Arrival {
  std::uint32_t participant;
  std::span<std::uint8_t> datagram;
};

/// Nothing unless `frame` is a whole UDP datagram over IPv4 to one of the cast's clients. Checksums are not looked at.
std::optional<Arrival> read_arrival(const frames::Cast& cast, std::span<std::uint8_t> frame);

/// Participant i has the address of the cast's client i.
class Wire {
 public:
  /// `link` outlives it. `header`: from us to the relay.
  Wire(frames::Link& link, const frames::Cast& cast, const net::LinkHeader& header)
      : link_(link), cast_(cast), header_(header) {}

  /// For what is not load: copied, and lost where there is no room.
  void send(std::uint32_t participant, const net::Endpoint& to, std::span<const std::uint8_t> datagram);

  std::optional<Arrival> read(std::span<std::uint8_t> frame) const { return read_arrival(cast_, frame); }

  frames::Link& link() { return link_; }
  const net::LinkHeader& header() const { return header_; }
  net::Endpoint endpoint_of(std::uint32_t participant) const { return cast_.client_of(participant); }
  std::uint32_t participants() const { return cast_.flows; }

 private:
  frames::Link& link_;
  const frames::Cast& cast_;
  net::LinkHeader header_;
};

/// Whether headers and checksums hold.
bool is_sound(std::span<const std::uint8_t> frame);

}  // namespace penstock::frame_rooms
