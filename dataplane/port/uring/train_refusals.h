#pragma once
// Which ways refuse trains. A device without UDP segmentation or a path whose MTU a segment exceeds fails every train;
// remembering it for a while saves the attempt.

#include <array>
#include <cstdint>

#include "dataplane/net/packet.h"

namespace penstock::port {

/// A small table that forgets: by time, and when two ways meet in one entry.
class TrainRefusals {
 public:
  static constexpr std::uint64_t kRememberNs = 10'000'000'000;

  bool empty() const { return newest_ns_ == 0; }

  /// Trains with segments of `segment` bytes or more fail from `info.local` to `info.remote`.
  void remember(const net::PacketInfo& info, std::uint32_t segment, std::uint64_t now_ns) {
    newest_ns_ = now_ns;
    entry(info) = {info.remote, info.local, segment, now_ns + kRememberNs};
  }

  bool refused(const net::PacketInfo& info, std::uint32_t segment, std::uint64_t now_ns) {
    if (now_ns >= newest_ns_ + kRememberNs) newest_ns_ = 0;
    const Entry& e = entry(info);
    return now_ns < e.until_ns && segment >= e.segment && e.local == info.local && e.remote == info.remote;
  }

 private:
  struct Entry {
    net::Endpoint remote;
    net::LocalId local = net::kNoLocal;
    std::uint32_t segment = 0;
    std::uint64_t until_ns = 0;
  };
  static constexpr std::size_t kEntries = 256;

  Entry& entry(const net::PacketInfo& info) { return entries_[net::hash(info.remote, info.local) % kEntries]; }

  std::uint64_t newest_ns_ = 0;  // 0: nothing is remembered
  std::array<Entry, kEntries> entries_;
};

}  // namespace penstock::port
