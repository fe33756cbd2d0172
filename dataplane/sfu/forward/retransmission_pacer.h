#pragma once
// How much may be sent again: a share of what is sent anyway, so that a receiver whose link is full is not drowned in
// answers to its own requests.

#include <cstddef>
#include <cstdint>

namespace penstock::sfu {

/// One per subscription. Zero bytes are the initial state: full.
///
/// A bucket of bytes. It fills by a quarter of what is sent live, and slowly by itself, so that thin streams (sound)
/// can be repaired at all. What does not fit is not sent; the receiver asks again after its round trip.
class RetransmissionPacer {
 public:
  static constexpr std::uint32_t kShare = 4;                   ///< one part in so many of the live bytes
  static constexpr std::uint32_t kCapacity_bytes = 64 * 1024;  ///< a burst of about fifty packets
  static constexpr std::uint32_t kTrickle_bytes_per_s = 8 * 1024;

  /// Sent for the first time.
  void sent(std::size_t bytes) {
    const std::size_t gain = bytes / kShare;
    used_ -= static_cast<std::uint32_t>(gain < used_ ? gain : used_);
  }
  /// Whether a packet may be sent again now.
  bool open(std::uint64_t now_ns);
  /// It was.
  void resent(std::size_t bytes) { used_ += static_cast<std::uint32_t>(bytes); }

 private:
  std::uint64_t trickled_ns_ = 0;
  std::uint32_t used_ = 0;  ///< missing to a full bucket
};

}  // namespace penstock::sfu
