#include "dataplane/rtp/nack_generator.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace penstock::rtp {
namespace {

std::uint32_t to_ms(std::uint64_t us) {
  return static_cast<std::uint32_t>(us / 1000);
}

}  // namespace

/// Calls `each` in ascending order; it may clear the one it is called for.
template <class Each>
void NackGenerator::for_each_missing(Each&& each) const {
  const SequenceNumber oldest = newest_ - (kWindow - 1);
  for (std::size_t done = 0; done < kWindow;) {
    // From the middle of a word to its end; the last stretch ends where the first one started.
    const std::size_t slot = slot_of(oldest + static_cast<std::int64_t>(done));
    const std::size_t stretch = std::min(64 - slot % 64, kWindow - done);
    std::uint64_t bits = missing_[slot / 64] >> slot % 64;
    if (stretch < 64) bits &= (std::uint64_t{1} << stretch) - 1;
    for (; bits != 0; bits &= bits - 1) each(oldest + static_cast<std::int64_t>(done) + std::countr_zero(bits));
    done += stretch;
  }
}

NackGenerator::Arrival NackGenerator::on_packet(SequenceNumber sequence, std::uint64_t now_us) {
  if (!started_) {
    started_ = true;
    newest_ = sequence;
    return Arrival::advanced;
  }
  const int ahead = sequence.distance_from(newest_);
  if (ahead <= 0) {
    return ahead > -static_cast<int>(kWindow) && clear_missing(sequence) ? Arrival::recovered : Arrival::not_missing;
  }
  if (ahead > static_cast<int>(kWindow)) {
    clear_all();
    key_frame_wanted_ = true;
    newest_ = sequence;
    return Arrival::gave_up;
  }
  const std::uint32_t due_ms = to_ms(now_us) + kFirstDelay_ms;
  while (newest_ != sequence) {
    ++newest_;
    // What had this slot is leaving the window: it will not be asked for again.
    if (clear_missing(newest_)) key_frame_wanted_ = true;
    if (newest_ != sequence) set_missing(newest_, due_ms);
  }
  return Arrival::advanced;
}

void NackGenerator::on_key_frame(SequenceNumber sequence) {
  key_frame_wanted_ = false;
  for_each_missing([&](SequenceNumber missing) {
    if (sequence.newer_than(missing)) clear_missing(missing);
  });
}

std::size_t NackGenerator::collect(std::uint64_t now_us, std::uint32_t rtt_us, std::span<SequenceNumber> due) {
  if (missing_count_ == 0) return 0;
  const std::uint32_t now_ms = to_ms(now_us);
  const std::uint32_t period_ms = std::max(kPeriod_ms, rtt_us / 1000);
  std::size_t count = 0;
  for_each_missing([&](SequenceNumber missing) {
    const std::size_t slot = slot_of(missing);
    if (static_cast<std::int32_t>(now_ms - due_ms_[slot]) < 0) return;
    if (tries_[slot] == kMostTries) {
      clear_missing(missing);
      key_frame_wanted_ = true;
    } else if (count < due.size()) {
      due[count++] = missing;
      ++tries_[slot];
      due_ms_[slot] = now_ms + period_ms;
    }
  });
  return count;
}

bool NackGenerator::take_key_frame_wanted() {
  return std::exchange(key_frame_wanted_, false);
}

void NackGenerator::set_missing(SequenceNumber sequence, std::uint32_t due_ms) {
  const std::size_t slot = slot_of(sequence);
  missing_[slot / 64] |= std::uint64_t{1} << slot % 64;
  due_ms_[slot] = due_ms;
  tries_[slot] = 0;
  ++missing_count_;
}

/// Whether it was missing. Of the sequence numbers that share a slot only one is in the window.
bool NackGenerator::clear_missing(SequenceNumber sequence) {
  const std::size_t slot = slot_of(sequence);
  const std::uint64_t bit = std::uint64_t{1} << slot % 64;
  if ((missing_[slot / 64] & bit) == 0) return false;
  missing_[slot / 64] &= ~bit;
  --missing_count_;
  return true;
}

void NackGenerator::clear_all() {
  missing_.fill(0);
  missing_count_ = 0;
}

}  // namespace penstock::rtp
