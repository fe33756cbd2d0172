#pragma once
// Which packets of one stream to ask for again, and when to give up and ask for a key frame (RFC 4585 section 6.2.1).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/rtp/wrapping.h"

namespace penstock::rtp {

/// One per received video stream; of fixed size, about 5 KB. Zero bytes are the initial state.
class NackGenerator {
 public:
  static constexpr std::size_t kWindow = 1024;         ///< packets behind the newest that can be missing
  static constexpr std::uint32_t kFirstDelay_ms = 10;  ///< reordering is not loss
  static constexpr std::uint32_t kPeriod_ms = 40;      ///< between two requests for a packet, or the RTT if longer
  static constexpr std::uint8_t kMostTries = 10;

  enum class Arrival : std::uint8_t {
    advanced,     ///< the newest so far; what it skipped is missing
    recovered,    ///< was missing
    not_missing,  ///< a repetition, or older than the window
    gave_up,      ///< the gap is larger than the window: all is forgotten, and a key frame is wanted
  };
  /// Any packet of the stream: as first sent, or recovered from its RTX stream. `now_us`: monotonic.
  Arrival on_packet(SequenceNumber sequence, std::uint64_t now_us);

  /// A key frame starts at `sequence`: nothing older is missed any more, and no key frame is wanted.
  void on_key_frame(SequenceNumber sequence);

  /// What is due now, ascending, at most `due.size()` of them: the rest stays due. Returns how many; each counts as
  /// asked for. `rtt_us`: to the sender, 0 if unknown. A packet asked for kMostTries times in vain is given up once its
  /// last period is over.
  std::size_t collect(std::uint64_t now_us, std::uint32_t rtt_us, std::span<SequenceNumber> due);

  /// Whether packets were given up since the last call, so that only a key frame helps.
  bool take_key_frame_wanted();

  /// Packets missing at present.
  std::size_t missing() const { return missing_count_; }
  /// Forgets all: the sender restarted (ReceiverStatistics::Verdict::restarted). The next packet is the first.
  void restart() { *this = {}; }

 private:
  static constexpr std::size_t kWords = kWindow / 64;

  static std::size_t slot_of(SequenceNumber sequence) { return sequence.value % kWindow; }
  template <class Each>
  void for_each_missing(Each&& each) const;
  void set_missing(SequenceNumber sequence, std::uint32_t due_ms);
  bool clear_missing(SequenceNumber sequence);
  void clear_all();

  std::array<std::uint64_t, kWords> missing_{};  ///< bit per slot: sequence number modulo kWindow
  std::array<std::uint32_t, kWindow> due_ms_{};  ///< wraps; of missing packets
  std::array<std::uint8_t, kWindow> tries_{};    ///< of missing packets
  std::uint16_t missing_count_ = 0;
  SequenceNumber newest_;
  bool started_ = false;
  bool key_frame_wanted_ = false;
};

}  // namespace penstock::rtp
