#pragma once
// A publisher's wall clock on ours. All of its tracks share one, so that whatever their sender reports suffered on the
// way, sound and picture stay together at the receiver.

#include <cstdint>

#include "dataplane/rtp/ntp_time.h"

namespace penstock::sfu {

/// One per publishing endpoint. Zero bytes: nothing known.
///
/// Sender reports come late, never early: the least delayed one of the last while tells the offset best. It counts
/// until one comes that is less delayed, or for kMemory_ns, so that clocks may drift.
class PublisherClock {
 public:
  static constexpr std::uint64_t kMemory_ns = 60'000'000'000;
  /// Steps larger than this are a clock that was set: the offset follows at once.
  static constexpr std::int64_t kStep_ns = 5'000'000'000;

  void on_sender_report(rtp::NtpTime ntp, std::uint64_t arrival_ns);
  bool known() const { return known_; }
  /// The publisher's clock at our monotonic instant, as it would arrive then. Only if known().
  rtp::NtpTime ntp_at(std::uint64_t monotonic_ns) const;

 private:
  rtp::NtpTime ntp_;              ///< of the report that counts
  std::uint64_t arrival_ns_ = 0;  ///< when it came
  rtp::NtpTime next_ntp_;         ///< the least delayed one since half of its time is over: the next to count
  std::uint64_t next_arrival_ns_ = 0;
  bool known_ = false;
  bool has_next_ = false;
};

}  // namespace penstock::sfu
