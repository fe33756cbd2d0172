#pragma once
// The source's RTP timestamps to the receiver's: one time line over switches between encodings and tracks.

#include <cstdint>
#include <optional>

namespace penstock::sfu {

/// Zero bytes are no state: call start().
class TimestampMap {
 public:
  /// Sender reports that put the new encoding further than this from where its arrival does are not believed.
  static constexpr std::uint64_t kMostSkew_ns = 2'000'000'000;

  /// `first` will be the first timestamp.
  void start(std::uint32_t first);

  /// The stream is entered at a packet of `timestamp`. `aligned`: the timestamp of the same instant in the encoding
  /// forwarded before (rtp::align; the same timestamp where it is the same encoding); without it, or where it is
  /// absurd, the time between arrivals counts. Always ahead of what was sent.
  void enter(std::uint32_t timestamp, std::optional<std::uint32_t> aligned, std::uint64_t arrival_ns,
             std::uint32_t clock_rate_hz);

  std::uint32_t map(std::uint32_t timestamp) const { return timestamp + shift_; }
  /// A packet was sent.
  void sent(std::uint32_t mapped, std::uint64_t arrival_ns) {
    if (static_cast<std::int32_t>(mapped - newest_) < 0) return;
    newest_ = mapped;
    newest_arrival_ns_ = arrival_ns;
  }

  /// What would be sent now if packets took ever the same time to come.
  std::uint32_t by_arrival(std::uint64_t instant_ns, std::uint32_t clock_rate_hz) const;

  std::uint32_t newest_sent() const { return newest_; }
  bool entered() const { return entered_; }

 private:
  std::uint64_t newest_arrival_ns_ = 0;
  std::uint32_t newest_ = 0;
  std::uint32_t shift_ = 0;  ///< outgoing - source; wraps
  std::uint32_t push_ = 0;   ///< part of shift_ that only keeps this encoding's frames behind the last one's
  bool entered_ = false;
};

}  // namespace penstock::sfu
