#pragma once
// The receiver's half of transport-wide congestion control: remembers arrivals, makes feedback of them
// (draft-holmer-rmcat-transport-wide-cc-extensions-01 section 3.1).

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "dataplane/rtp/rtcp_transport_feedback.h"
#include "dataplane/rtp/rtcp_writer.h"

namespace penstock::rtp {

/// One per publishing endpoint; of fixed size, about 4 KB. Zero bytes are the initial state.
class TransportFeedbackRecorder {
 public:
  /// Packets remembered. At one feedback per 100 ms that is 10,000 packets per second.
  static constexpr std::size_t kWindow = 1024;

  /// Any authentic RTP packet with the extension, of any stream of the endpoint. `arrival_us`: monotonic. What came
  /// before is repeated (reordered behind the last feedback) or ignored (older than the window); the first arrival of a
  /// repetition counts.
  void on_packet(TransportSequence sequence, std::uint64_t arrival_us);

  /// Whether anything came since the beginning.
  bool started() const { return started_; }
  /// Whether there is something to tell.
  bool pending() const { return started_ && next_ <= newest_; }
  /// Whether there is so much to tell that feedback should not wait for its interval.
  bool urgent() const { return pending() && newest_ - next_ >= static_cast<std::int64_t>(kWindow / 2); }

  /// Appends one feedback packet with as much as fits, from the oldest untold packet on: call again while pending(), in
  /// the same or a new datagram. False, with nothing written, if nothing is pending or not even one packet fits
  /// (kLeastRoom). `media` must be one of the endpoint's own SSRCs, or libwebrtc ignores the packet.
  bool append_to(RtcpWriter& writer, Ssrc sender, Ssrc media);
  static constexpr std::size_t kLeastRoom = 28;

 private:
  static std::size_t slot_of(std::int64_t number) { return static_cast<std::uint64_t>(number) % kWindow; }
  bool received(std::int64_t number) const {
    return (received_[slot_of(number) / 64] >> slot_of(number) % 64 & 1) != 0;
  }
  bool is_restart(TransportSequence sequence);
  void advance_to(std::int64_t number);
  void record(std::int64_t number, std::uint32_t ticks);
  void put_deltas(std::uint8_t* at, std::span<const std::uint8_t> symbols, std::uint32_t previous) const;

  std::array<std::uint64_t, kWindow / 64> received_{};
  std::array<std::uint32_t, kWindow> arrival_ticks_{};  ///< of 250 us; wraps
  std::int64_t newest_ = 0;                             ///< unwrapped
  std::int64_t next_ = 0;                               ///< unwrapped: the first that was not told
  TransportSequence after_stale_;
  std::uint8_t feedback_count_ = 0;
  bool started_ = false;
  bool stale_ = false;
};

}  // namespace penstock::rtp
