#pragma once
// Everything that can be sent, made ready: a cache line per flow and direction that says how its frames begin and how
// they must look when they arrive.

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "bench/load/frames/cast.h"
#include "dataplane/net/frame_headers.h"

namespace penstock::frames {

enum class Direction : std::uint8_t { to_peer, to_client, both };

/// What each payload starts with. Both ends are this process, so host byte order will do.
struct Stamp {
  std::uint64_t sent_cycles;  ///< TSC
  std::uint32_t sequence;     ///< over all lanes, from 0; wraps
  std::uint32_t lane;
};
inline constexpr std::size_t kStampBytes = sizeof(Stamp);
static_assert(kStampBytes == 16);

inline constexpr std::size_t kPlainHead = 42;    ///< Ethernet, IPv4, UDP
inline constexpr std::size_t kChannelHead = 46;  ///< and ChannelData's header

/// Source and destination address, source and destination port, as they lie in an IPv4 header without options.
using Addressing = std::array<std::uint8_t, 12>;
inline constexpr std::size_t kAddressingOffset = 26;

struct alignas(64) Lane {
  std::array<std::uint8_t, kChannelHead> head;  ///< up to the stamp; the UDP checksum is missing
  std::uint8_t head_size;                       ///< when sent
  std::uint8_t arrival_head_size;
  std::uint16_t sum;              ///< of all that the UDP checksum covers, without the stamp
  std::uint16_t arrival_channel;  ///< in ChannelData's header, where it has to arrive with one
  Addressing arrival;
};
static_assert(sizeof(Lane) == 64);

/// From where to where.
struct Way {
  net::Endpoint source, destination;
};

class Lanes {
 public:
  /// The lanes of a relay: `relayed[i]` is flow i's relayed address.
  static Lanes through_relay(const Cast& cast, std::span<const net::Endpoint> relayed, const net::LinkHeader& link,
                             Direction direction, std::uint16_t payload_bytes);
  /// The same frames for a reflector, which returns them as they are but for the MAC addresses.
  static Lanes reflected(const Cast& cast, const net::LinkHeader& link, Direction direction,
                         std::uint16_t payload_bytes);

  std::span<const Lane> all() const { return lanes_; }
  const Lane& operator[](std::uint32_t i) const { return lanes_[i]; }
  std::uint32_t size() const { return static_cast<std::uint32_t>(lanes_.size()); }
  std::uint16_t payload_bytes() const { return payload_bytes_; }
  /// Whether lane i leads from a client to a peer.
  bool to_peer(std::uint32_t i) const { return lanes_[i].head_size == kChannelHead; }
  /// Every lane once, in random order.
  std::vector<std::uint32_t> shuffled() const;

 private:
  explicit Lanes(std::uint16_t payload_bytes) : payload_bytes_(payload_bytes) {}
  void add(const net::LinkHeader& link, const Way& sent, const Way& arriving, std::uint16_t channel,
           Direction direction, std::uint8_t arrival_head_size);
  void add_flows(const Cast& cast, std::span<const net::Endpoint> relayed, const net::LinkHeader& link,
                 Direction direction, bool reflected);

  std::uint16_t payload_bytes_;
  std::vector<Lane> lanes_;
};

}  // namespace penstock::frames
