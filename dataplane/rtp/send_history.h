#pragma once
// The sender's half of transport-wide congestion control: what was sent when, and what became of it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "dataplane/rtp/rtcp_transport_feedback.h"

namespace penstock::rtp {

/// One packet that feedback has told of for the first time.
struct Acknowledged {
  TransportSequence sequence;
  std::uint64_t sent_us = 0;  ///< our monotonic clock
  std::int64_t arrival_us =
      0;                   ///< the receiver's clock; continuous over feedback packets, only differences mean anything
  std::uint16_t size = 0;  ///< as given to on_sent
  std::uint16_t tag = 0;   ///< as given to on_sent
};

/// What one feedback packet told, for the loss half of a bandwidth estimator.
struct FeedbackSummary {
  std::uint32_t acknowledged = 0;  ///< packets told of for the first time
  std::uint32_t acknowledged_bytes = 0;
  std::uint32_t lost = 0;       ///< packets found missing now
  std::uint32_t recovered = 0;  ///< of `acknowledged`: an earlier feedback had them lost (reordering)
  std::uint32_t rtt_us = 0;     ///< of the newest acknowledged packet, waiting for the feedback included; 0: none
};

/// One per subscribing endpoint: numbers its packets and remembers the last kPackets of them; of fixed size, 8 KB, of
/// which only what is used is touched when the array is lazy. Zero bytes are the initial state. A sequence number
/// follows every packet with the extension: media, retransmissions and probes.
class alignas(64) SendHistory {
 public:
  /// Feedback comes every 50 to 250 ms: enough for 4,000 packets a second.
  static constexpr std::size_t kPackets = 1024;
  static constexpr std::uint16_t kMostBytes = (1 << 14) - 1;

  /// The transport-wide sequence number for a packet that leaves now. `size`: bytes on the wire as the estimator counts
  /// them, at most kMostBytes. `tag`: the caller's name for what it belongs to (media, probe), given back.
  TransportSequence on_sent(std::uint64_t now_us, std::uint16_t size, std::uint16_t tag = 0) {
    Entry& entry = entries_[sent_ % kPackets];
    leave_flight(entry, State::untold);  // of the packet that had this place
    const std::uint16_t counted = size < kMostBytes ? size : kMostBytes;
    entry = {static_cast<std::uint32_t>(now_us), tag, made(counted, State::in_flight)};
    bytes_in_flight_ += counted;
    return {static_cast<std::uint16_t>(sent_++)};
  }
  /// Begins to fetch what on_sent() will write, once the object itself has been fetched.
  void prefetch_next() const { __builtin_prefetch(&entries_[sent_ % kPackets], 1); }

  /// Takes one feedback packet. Calls `each(const Acknowledged&)` for every packet it tells of for the first time, in
  /// sequence order. Numbers that were never sent, or are no longer remembered, are ignored. Work is bounded by the
  /// feedback's bytes and, over all feedback, by the packets sent.
  template <class Each>
  FeedbackSummary on_feedback(const TransportFeedback& feedback, std::uint64_t now_us, Each&& each) {
    FeedbackSummary summary;
    const std::uint64_t offset_us = clock_offset_us(feedback);
    auto arrivals = feedback.arrivals();
    while (const auto arrival = arrivals.next()) {
      if (const auto acknowledged = acknowledge(*arrival, offset_us, now_us, summary)) each(*acknowledged);
    }
    judge(feedback, summary);
    return summary;
  }

  /// Totals since the start.
  std::uint64_t sent() const { return sent_; }
  std::uint64_t acknowledged() const { return acknowledged_; }
  std::uint64_t lost() const { return lost_; }  ///< less what was acknowledged later after all
  /// Bytes sent of which no feedback has told; what slips out of the ring is no longer in flight.
  std::uint64_t bytes_in_flight() const { return bytes_in_flight_; }

 private:
  enum class State : std::uint8_t {
    untold,  ///< no feedback has told of it, and none is awaited
    in_flight,
    acknowledged,
    lost,
  };
  struct Entry {
    std::uint32_t sent_us;  ///< wraps
    std::uint16_t tag;
    std::uint16_t size_and_state;  ///< the state in the two high bits

    std::uint16_t size() const { return size_and_state & kMostBytes; }
    State state() const { return static_cast<State>(size_and_state >> 14); }
  };
  static_assert(sizeof(Entry) == 8);
  static std::uint16_t made(std::uint16_t size, State state) {
    return static_cast<std::uint16_t>(static_cast<unsigned>(state) << 14 | size);
  }

  std::optional<Acknowledged> acknowledge(const Arrival& arrival, std::uint64_t clock_offset_us, std::uint64_t now_us,
                                          FeedbackSummary& summary);
  void judge(const TransportFeedback& feedback, FeedbackSummary& summary);
  void leave_flight(Entry& entry, State state) {
    if (entry.state() == State::in_flight) bytes_in_flight_ -= entry.size();
    entry.size_and_state = made(entry.size(), state);
  }
  std::optional<std::uint64_t> number_of(TransportSequence sequence) const;
  std::uint64_t clock_offset_us(const TransportFeedback& feedback);

  std::uint64_t sent_ = 0;    ///< the next packet's number; its low 16 bits are the sequence number
  std::uint64_t judged_ = 0;  ///< up to here (exclusive) no packet is in flight any more
  std::uint64_t acknowledged_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t bytes_in_flight_ = 0;
  std::int64_t reference_time_ = 0;  ///< the newest of a feedback, extended beyond its 24 bits
  bool has_reference_ = false;
  alignas(64) std::array<Entry, kPackets> entries_{};
};

}  // namespace penstock::rtp
