#pragma once
// From a burst to sends: which of its packets leave together as a train (UDP_SEGMENT), however their flows interleave.

#include <array>
#include <cstdint>
#include <span>

#include "dataplane/net/burst.h"
#include "dataplane/net/packet.h"

namespace penstock::port {

/// The most datagrams Linux cuts one send into (UDP_MAX_SEGMENTS of kernels before 6.9).
inline constexpr std::uint32_t kMaxSegments = 64;

/// Packets of a burst that leave as one send: the chain of `count` packets that starts at index `first`.
struct Group {
  std::uint16_t first = 0;
  std::uint16_t last = 0;
  std::uint16_t count = 0;
  bool closed = false;        ///< nothing may follow: its last packet was shorter
  std::uint32_t segment = 0;  ///< wire bytes of every packet but the last
  std::uint32_t bytes = 0;    ///< wire bytes of all
};

/// Groups a burst by flow, wire size, TOS and DF, in O(1) per packet and without allocating. Groups come in the order
/// of their first packets. Packets of one (local, remote) keep their order, because a packet that does not fit its
/// flow's open group closes it.
class TrainGrouping {
 public:
  TrainGrouping();

  /// Groups `packets`, at most kBurstCapacity. What groups() and next() say holds until the next call.
  void group(std::span<net::Packet* const> packets);

  std::span<const Group> groups() const { return {groups_.data(), group_count_}; }
  /// The packet after `index` in its chain. Meaningless for the last of a group.
  std::uint16_t next(std::uint16_t index) const { return next_[index]; }

 private:
  // A slot of the flow table is in use when its pass is the current one, so that nothing has to be cleared.
  struct Slot {
    std::uint32_t pass = 0;
    std::uint16_t group = 0;
    std::uint16_t tag = 0;
  };
  static constexpr std::size_t kSlots = 2 * std::size_t{net::kBurstCapacity};

  Slot& slot_of(const net::PacketInfo& info, std::span<net::Packet* const> packets);
  void open(Slot& slot, std::uint16_t index, std::uint32_t size);

  std::uint64_t salt_;
  std::uint32_t pass_ = 0;
  std::uint32_t group_count_ = 0;
  std::array<Slot, kSlots> slots_;
  std::array<Group, net::kBurstCapacity> groups_;
  std::array<std::uint16_t, net::kBurstCapacity> next_;
};

}  // namespace penstock::port
