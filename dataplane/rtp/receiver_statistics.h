#pragma once
// What a receiver knows of one source: sequence validation, loss, jitter, and the report block made of them (RFC 3550
// sections 6.4.1, 6.4.3, A.1, A.3, A.8).

#include <cstdint>

#include "dataplane/rtp/ntp_time.h"
#include "dataplane/rtp/rtcp_reports.h"
#include "dataplane/rtp/ssrc.h"
#include "dataplane/rtp/wrapping.h"

namespace penstock::rtp {

/// One per received SSRC, RTX streams included. Zero bytes are the initial state.
class ReceiverStatistics {
 public:
  /// RFC 3550 A.1. So many packets in a row make a source valid; until then `on_packet` says probation and nothing is
  /// counted. That guards against stray packets of strangers: whoever authenticates packets (SRTP) forwards those of
  /// probation too, or a stream would lose the start of its first key frame.
  static constexpr std::uint8_t kMinSequential = 2;
  static constexpr std::uint16_t kMaxDropout = 3000;
  /// As far back as retransmissions come (NackGenerator::kWindow): a stream without RTX sends them under its own
  /// numbers, and the RFC's 100 would take two of them in a row for a restart.
  static constexpr std::uint16_t kMaxMisorder = 1024;

  enum class Verdict : std::uint8_t {
    probation,  ///< not yet in so many a row
    in_order,   ///< the newest so far, perhaps behind a gap
    late,       ///< reordered, retransmitted or repeated
    jumped,     ///< far from all others: either garbage or the first packet of a restarted sender; not counted
    restarted,  ///< the packet behind a jumped one: the sender has restarted, and counting with it
  };
  /// `arrival_us`: monotonic. `clock_rate_hz`: of the payload type, not 0.
  Verdict on_packet(SequenceNumber sequence, Timestamp timestamp, std::uint64_t arrival_us,
                    std::uint32_t clock_rate_hz);

  /// Remembers the source's last sender report for LSR and DLSR. `now_us`: on the clock of `arrival_us`.
  void on_sender_report(NtpTime ntp, std::uint64_t now_us);

  /// Past probation.
  bool valid() const { return valid_; }
  /// Cycles << 16 | newest sequence number.
  std::uint32_t extended_highest() const { return static_cast<std::uint32_t>(extended()); }
  /// Packets counted, late and repeated ones included.
  std::uint64_t received() const { return received_; }
  /// Expected less received since the (re)start: negative if more were repeated than lost.
  std::int64_t cumulative_lost() const;
  /// Interarrival jitter in timestamp units.
  std::uint32_t jitter() const { return jitter_x16_ >> 4; }
  std::uint32_t jitter_us(std::uint32_t clock_rate_hz) const;

  /// A report block, and with it a new interval for `fraction_lost`: call once per report sent. Only if valid().
  ReportBlock report(Ssrc source, std::uint64_t now_us);
  /// Fraction lost of the last block reported, 1/256.
  std::uint8_t fraction_lost() const { return fraction_lost_; }

 private:
  void restart(SequenceNumber sequence);
  void update_jitter(Timestamp timestamp, std::uint64_t arrival_us, std::uint32_t clock_rate_hz);
  std::uint64_t extended() const { return cycles_ + highest_.value; }
  std::int64_t expected() const { return static_cast<std::int64_t>(extended() - base_.value + 1); }

  std::uint64_t received_ = 0;
  std::uint64_t received_prior_ = 0;
  std::int64_t expected_prior_ = 0;
  std::uint64_t sender_report_us_ = 0;
  ShortNtp sender_report_;
  std::uint64_t cycles_ = 0;  ///< wraps so far, times 65536
  std::uint32_t transit_ = 0;
  std::uint32_t jitter_x16_ = 0;
  SequenceNumber base_;
  SequenceNumber highest_;
  SequenceNumber expected_after_jump_;
  std::uint8_t sequential_ = 0;
  std::uint8_t fraction_lost_ = 0;
  bool valid_ = false;
  bool jumped_ = false;
  bool has_transit_ = false;
  bool has_sender_report_ = false;
};

}  // namespace penstock::rtp
