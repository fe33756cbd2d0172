#include "dataplane/rtp/send_history.h"

#include <algorithm>

namespace penstock::rtp {

/// The newest packet of that sequence number, if it is remembered.
std::optional<std::uint64_t> SendHistory::number_of(TransportSequence sequence) const {
  const auto back = static_cast<std::uint16_t>(sent_ - 1 - sequence.value);
  if (back >= std::min<std::uint64_t>(sent_, kPackets)) return std::nullopt;
  return sent_ - 1 - back;
}

/// What to add to the feedback's times, so that they go on from earlier feedback's: the reference time has 24 bits and
/// wraps (12.4 days). Unsigned: who makes it run on purpose makes it wrap, at no harm.
std::uint64_t SendHistory::clock_offset_us(const TransportFeedback& feedback) {
  const auto step = static_cast<std::uint32_t>(feedback.reference_time - reference_time_) << 8;
  const std::int64_t extended =
      has_reference_ ? reference_time_ + (static_cast<std::int32_t>(step) >> 8) : feedback.reference_time;
  reference_time_ = has_reference_ ? std::max(reference_time_, extended) : extended;
  has_reference_ = true;
  return static_cast<std::uint64_t>(extended - feedback.reference_time) * kFeedbackReferenceTick_us;
}

std::optional<Acknowledged> SendHistory::acknowledge(const Arrival& arrival, std::uint64_t clock_offset_us,
                                                     std::uint64_t now_us, FeedbackSummary& summary) {
  const auto number = number_of(arrival.sequence);
  if (!number) return std::nullopt;
  Entry& entry = entries_[*number % kPackets];
  if (entry.state() == State::acknowledged) return std::nullopt;
  if (entry.state() == State::lost) {
    --lost_;
    ++summary.recovered;
  }
  leave_flight(entry, State::acknowledged);
  ++acknowledged_;
  ++summary.acknowledged;
  summary.acknowledged_bytes += entry.size();
  summary.rtt_us = static_cast<std::uint32_t>(now_us) - entry.sent_us;
  const auto arrival_us = static_cast<std::int64_t>(static_cast<std::uint64_t>(arrival.arrival_us) + clock_offset_us);
  return Acknowledged{arrival.sequence, now_us - summary.rtt_us, arrival_us, entry.size(), entry.tag};
}

/// Packets this feedback speaks of and does not acknowledge are lost. Older ones that none spoke of (their feedback was
/// lost) are no longer in flight either, but nobody knows what became of them.
void SendHistory::judge(const TransportFeedback& feedback, FeedbackSummary& summary) {
  const auto last = number_of(feedback.base + (feedback.status_count - 1));
  if (!last) return;
  const std::uint64_t end = *last + 1;
  const std::uint64_t base = end - std::min<std::uint64_t>(end, feedback.status_count);
  const std::uint64_t oldest = sent_ - std::min<std::uint64_t>(sent_, kPackets);
  for (std::uint64_t number = std::max(judged_, oldest); number < end; ++number) {
    Entry& entry = entries_[number % kPackets];
    if (entry.state() != State::in_flight) continue;
    leave_flight(entry, number < base ? State::untold : State::lost);
    if (entry.state() != State::lost) continue;
    ++lost_;
    ++summary.lost;
  }
  judged_ = std::max(judged_, end);
}

}  // namespace penstock::rtp
