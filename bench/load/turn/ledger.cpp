#include "bench/load/turn/ledger.h"

#include <cstring>

namespace penstock::load {

SequenceWindow::Verdict SequenceWindow::note(std::uint64_t sequence) {
  if (sequence >= next_) {
    const std::uint64_t ahead = sequence - next_;
    seen_ = ahead >= 63 ? 1 : seen_ << (ahead + 1) | 1;
    next_ = sequence + 1;
    return ahead == 0 ? Verdict::in_order : Verdict::skipped;
  }
  const std::uint64_t behind = next_ - 1 - sequence;
  if (behind >= 64 || (seen_ >> behind & 1) != 0) return Verdict::duplicate;
  seen_ |= std::uint64_t{1} << behind;
  return Verdict::late;
}

std::uint64_t Ledger::note(stun::Bytes payload, std::size_t wire_bytes, std::uint64_t now_ns) {
  Stamp stamp;
  if (wire_bytes != payload_bytes_ || payload.size() < kStampBytes) {
    ++foreign_;
    return 0;
  }
  std::memcpy(&stamp, payload.data(), sizeof stamp);
  const std::uint32_t index = stamp.stream - first_id_;
  if (stamp.run != run_ || index >= windows_.size()) {
    ++foreign_;
    return 0;
  }
  SequenceWindow& window = windows_[index];
  const std::uint64_t expected = window.next();
  const auto verdict = window.note(stamp.sequence);
  if (verdict == SequenceWindow::Verdict::duplicate) {
    ++duplicated_;
    return 0;
  }
  ++delivered_;
  reordered_ += verdict == SequenceWindow::Verdict::late;
  if (stamp.sent_ns >= open_ns_ && stamp.sent_ns < close_ns_) latency_.record(now_ns - stamp.sent_ns);
  return window.next() - expected;
}

}  // namespace penstock::load
