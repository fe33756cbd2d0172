#pragma once
// Packets whose next hop is not resolved yet, for as long as the kernel may take to ask it.

#include <array>
#include <cstdint>

#include "dataplane/net/packet.h"

namespace penstock::port {

/// A bounded queue in order of arrival.
class WaitingRoom {
 public:
  static constexpr std::uint32_t kRoom = 1024;
  /// The kernel asks three times, a second apart (mcast_solicit, retrans_time_ms); the first answer is what counts.
  static constexpr std::uint64_t kPatienceNs = 1'500'000'000;

  /// False when there is no room.
  bool hold(net::Packet* p, std::uint64_t now_ns) {
    if (size_ == kRoom) return false;
    waiting_[(first_ + size_++) % kRoom] = {p, now_ns + kPatienceNs};
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
      if (!take(w.packet, now_ns >= w.until_ns)) waiting_[(first_ + size_++) % kRoom] = w;
    }
  }

 private:
  struct Waiting {
    net::Packet* packet;
    std::uint64_t until_ns;
  };
  std::array<Waiting, kRoom> waiting_;
  std::uint32_t first_ = 0;
  std::uint32_t size_ = 0;
};

}  // namespace penstock::port
