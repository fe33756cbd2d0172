#include "dataplane/srtp/replay_window.h"

#include <algorithm>

namespace penstock::srtp {
namespace {

constexpr std::uint64_t kHalf = std::uint64_t{1} << 15;  // of the sequence numbers
constexpr std::uint64_t kRoll = std::uint64_t{1} << 16;

std::uint64_t bit(std::uint64_t index) {
  return std::uint64_t{1} << (index % ReplayWindow::kWordBits);
}

std::size_t word(std::uint64_t index) {
  return index % ReplayWindow::kBits / ReplayWindow::kWordBits;
}

/// Forgets the indices first ... end - 1, at most a whole window of them, whose bits the ring uses again.
void forget(ReplayWindow& window, std::uint64_t first, std::uint64_t end) {
  while (first < end) {
    const std::uint64_t next_word = (first / ReplayWindow::kWordBits + 1) * ReplayWindow::kWordBits;
    const std::uint64_t below_first = bit(first) - 1;
    const std::uint64_t from_end = end < next_word ? ~(bit(end) - 1) : 0;
    window.seen[word(first)] &= below_first | from_end;
    first = next_word;
  }
}

}  // namespace

Replay ReplayWindow::check(std::uint64_t index) const {
  if (index >= next) return Replay::fresh;
  if (next - index > kBits) return Replay::too_old;
  return (seen[word(index)] & bit(index)) != 0 ? Replay::duplicate : Replay::fresh;
}

void ReplayWindow::accept(std::uint64_t index) {
  if (index >= next) {
    // After a jump of a window or more, each bit is cleared once.
    forget(*this, index - next >= kBits ? index + 1 - kBits : next, index);
    next = index + 1;
  } else if (next - index > kBits) {
    return;
  }
  seen[word(index)] |= bit(index);
}

std::uint64_t ReceiveIndex::estimate(std::uint16_t sequence_number) const {
  if (window.empty()) return sequence_number;
  const std::uint64_t highest = window.highest();
  const std::uint64_t guess = (highest & ~(kRoll - 1)) | sequence_number;
  if (guess + kHalf < highest) return guess + kRoll;
  // One roll-over earlier, unless the stream began in this one: then there is no such index.
  if (guess > highest + kHalf && guess >= kRoll) return guess - kRoll;
  return guess;
}

}  // namespace penstock::srtp
