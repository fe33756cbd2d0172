#include "dataplane/sfu/forward/sequence_map.h"

#include <algorithm>
#include <bit>

namespace penstock::sfu {
namespace {

// So many numbers in a row from far behind are a source that began anew (RFC 3550 A.1 is content with two; but there
// are no others to go by here, and stray retransmissions come in rows).
constexpr std::uint32_t kStaleRun = 16;

SequenceHistory::Word& word(SequenceHistory& history, std::uint64_t sequence) {
  return history.words[sequence / 32 % history.words.size()];
}
const SequenceHistory::Word& word(const SequenceHistory& history, std::uint64_t sequence) {
  return history.words[sequence / 32 % history.words.size()];
}
std::uint32_t bit(std::uint64_t sequence) {
  return 1U << sequence % 32;
}

// Of first <= number < end, at most a window of them.
std::uint32_t count_dropped(const SequenceHistory& history, std::uint64_t first, std::uint64_t end) {
  std::uint32_t count = 0;
  while (first < end) {
    const std::uint64_t next = std::min(end, (first | 31) + 1);
    const std::uint64_t mask = ((std::uint64_t{1} << (next - first)) - 1) << first % 32;
    count += static_cast<std::uint32_t>(std::popcount(word(history, first).dropped & static_cast<std::uint32_t>(mask)));
    first = next;
  }
  return count;
}

}  // namespace

void SequenceMap::start(std::uint64_t first) {
  *this = {};
  shift_ = first - 1;
}

std::uint64_t SequenceMap::enter(std::uint64_t sequence, SequenceHistory& history) {
  shift_ = newest_sent() + 1 - sequence;
  newest_ = entry_ = sequence;
  trailing_ = 0;
  stale_run_ = 0;
  history = {};
  word(history, sequence).sent = bit(sequence);
  return newest_sent();
}

// Of a number that is not ahead.
SequenceMap::Place SequenceMap::place_behind(std::uint64_t sequence, const SequenceHistory& history) {
  if (newest_ - sequence >= kWindow) {
    const bool in_a_row = static_cast<std::uint32_t>(sequence) == stale_next_;
    stale_run_ = static_cast<std::uint16_t>(in_a_row ? stale_run_ + 1 : 1);
    stale_next_ = static_cast<std::uint32_t>(sequence) + 1;
    return stale_run_ >= kStaleRun ? Place::jump : Place::too_old;
  }
  if (sequence < entry_) return Place::too_old;
  if ((word(history, sequence).sent & bit(sequence)) != 0) return Place::duplicate;
  return (word(history, sequence).dropped & bit(sequence)) != 0 ? Place::dropped : Place::hole;
}

std::uint64_t SequenceMap::forward_behind_gap(std::uint64_t sequence, Unmissed unmissed, SequenceHistory& history) {
  advance(sequence, unmissed, history);
  word(history, sequence).sent |= bit(sequence);
  trailing_ = 0;
  return last_number();
}

void SequenceMap::drop(std::uint64_t sequence, Unmissed unmissed, SequenceHistory& history) {
  const std::uint64_t sent = newest_sent();
  advance(sequence, unmissed, history);
  word(history, sequence).dropped |= bit(sequence);
  --shift_;
  trailing_ = static_cast<std::uint16_t>(last_number() - sent);
}

std::uint64_t SequenceMap::fill(std::uint64_t sequence, SequenceHistory& history) {
  word(history, sequence).sent |= bit(sequence);
  // shift_ is that of the newest: what was dropped since then had not been when this one was due.
  const std::uint64_t number = sequence + shift_ + count_dropped(history, sequence + 1, newest_ + 1);
  if (last_number() - number < trailing_) trailing_ = static_cast<std::uint16_t>(last_number() - number);
  return number;
}

// Frees the places up to `sequence`, which those one window ago held, and settles the lost ones among them.
void SequenceMap::advance(std::uint64_t sequence, Unmissed unmissed, SequenceHistory& history) {
  const std::uint64_t sent = newest_sent();
  const std::uint64_t first = newest_ + 1;
  for (std::uint64_t at = first; at <= sequence; ++at) {
    word(history, at).sent &= ~bit(at);
    word(history, at).dropped &= ~bit(at);
    if (at == sequence) break;
    const bool nobody_misses_it =
        unmissed.all || (unmissed.first && at == first) || (unmissed.last && at + 1 == sequence);
    if (!nobody_misses_it) continue;
    word(history, at).dropped |= bit(at);
    --shift_;
  }
  newest_ = sequence;
  stale_run_ = 0;
  // What lies further back than the window can no longer be filled, so no numbers are kept for it. All holes of the
  // window are ahead of what was sent then, and move alike.
  if (last_number() - sent > kWindow) shift_ = sent + kWindow - newest_;
}

}  // namespace penstock::sfu
