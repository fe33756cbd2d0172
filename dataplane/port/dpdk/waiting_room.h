#pragma once
// Packets whose next hop is not resolved yet, for as long as the kernel may take to ask it.

#include <array>
#include <cstdint>

#include "dataplane/net/packet.h"
#include "dataplane/port/kernel/hop_table.h"

namespace penstock::port {

/// A bounded queue in order of arrival.
class WaitingRoom {
 public:
  static constexpr std::uint32_t kRoom = 1024;
  /// The kernel asks three times, a second apart (mcast_solicit, retrans_time_ms); the first answer is what counts.
  static constexpr std::uint64_t kPatienceNs = 1'500'000'000;

  /// So many for one next hop, that a silent one leaves room for others.
  static constexpr std::uint16_t kPerHop = 64;

  /// `hop` is the index of its next hop. False when there is no room.
  bool hold(net::Packet* p, HopIndex hop, std::uint64_t now_ns) {
    if (size_ == kRoom || per_hop_[hop] == kPerHop) return false;
    ++per_hop_[hop];
    waiting_[(first_ + size_++) % kRoom] = {p, now_ns + kPatienceNs, hop};
    return true;
  }

  std::uint32_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// When the first of them has waited long enough; only when not empty.
  std::uint64_t deadline_ns() const { return waiting_[first_].until_ns; }

  /// Offers every packet to `take`(packet, late), which says whether it took it; the others stay, in order.
  template <class Take>
  void offer(std::uint64_t now_ns, Take&& take) {
    const std::uint32_t n = size_;
    for (std::uint32_t i = 0; i < n; ++i) {
      const Waiting w = waiting_[first_];
      first_ = (first_ + 1) % kRoom;
      --size_;
      if (take(w.packet, now_ns >= w.until_ns)) {
        --per_hop_[w.hop];
      } else {
        waiting_[(first_ + size_++) % kRoom] = w;
      }
    }
  }

 private:
  struct Waiting {
    net::Packet* packet;
    std::uint64_t until_ns;
    HopIndex hop;
  };
  std::array<Waiting, kRoom> waiting_;
  std::uint32_t first_ = 0;
  std::uint32_t size_ = 0;
  std::array<std::uint16_t, kMostHops> per_hop_{};
};

}  // namespace penstock::port
