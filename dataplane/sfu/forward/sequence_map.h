#pragma once
// The source's sequence numbers to the receiver's: what is dropped on purpose leaves no gap, what was lost on the way
// to us does, so that the receiver asks for it and it can still be sent when the publisher's retransmission comes.

#include <array>
#include <cstdint>

namespace penstock::sfu {

/// What became of the last 512 numbers, two bits for each. Apart from the map, because only one word of it is touched
/// per packet. Zero bytes: nothing came.
struct SequenceHistory {
  static constexpr std::uint32_t kNumbers = 512;
  struct Word {
    std::uint32_t sent = 0, dropped = 0;  ///< bit per number; never both; neither: a hole
  };
  std::array<Word, kNumbers / 32> words{};
};

/// Which of the numbers between the last packet and this one, none of which came, belong to dropped frames, so that
/// nobody will miss them. In one byte, because it is handed on per packet.
struct Unmissed {
  std::uint8_t all : 1 = 0;
  std::uint8_t first : 1 = 0;  ///< the one behind the last packet
  std::uint8_t last : 1 = 0;   ///< the one before this packet
};

/// Zero bytes are no state: call start(). All numbers are unwrapped to 64 bits.
class SequenceMap {
 public:
  static constexpr std::uint32_t kWindow = SequenceHistory::kNumbers;

  enum class Place : std::uint8_t {
    newest,     ///< ahead of all, perhaps behind a gap
    hole,       ///< did not come so far; its place is free
    duplicate,  ///< was sent
    dropped,    ///< it, or the frame that it belongs to, was dropped
    too_old,    ///< out of the window, or from before the stream was entered
    jump,       ///< so far ahead, or for so long behind, that the source must have begun anew
  };

  /// Nothing was sent yet; `first` will be the first number.
  void start(std::uint64_t first);
  /// The stream is entered at `sequence`, which gets the number behind the newest sent; what lies before is too old
  /// from now on.
  std::uint64_t enter(std::uint64_t sequence, SequenceHistory& history);

  Place place(std::uint64_t sequence, const SequenceHistory& history) {
    if (sequence > newest_) [[likely]]
      return sequence - newest_ < kWindow ? Place::newest : Place::jump;
    return place_behind(sequence, history);
  }
  /// Of a newest one. Returns the outgoing number.
  std::uint64_t forward(std::uint64_t sequence, Unmissed unmissed, SequenceHistory& history) {
    if (sequence != newest_ + 1 || trailing_ != 0) return forward_behind_gap(sequence, unmissed, history);
    SequenceHistory::Word& word = history.words[sequence / 32 % history.words.size()];
    const std::uint32_t bit = 1U << sequence % 32;
    word.sent |= bit;
    word.dropped &= ~bit;
    newest_ = sequence;
    stale_run_ = 0;
    return last_number();
  }
  void drop(std::uint64_t sequence, Unmissed unmissed, SequenceHistory& history);
  /// Of a hole.
  std::uint64_t fill(std::uint64_t sequence, SequenceHistory& history);

  void prefetch(const SequenceHistory& history) const {
    __builtin_prefetch(&history.words[(newest_ + 1) / 32 % history.words.size()], 1);
  }

  /// The source's newest number that was forwarded or dropped.
  std::uint64_t newest() const { return newest_; }
  /// The newest outgoing number; first - 1 at the start.
  std::uint64_t newest_sent() const { return last_number() - trailing_; }

 private:
  /// Of the newest, or of the one before it that was not dropped: a hole, perhaps.
  std::uint64_t last_number() const { return newest_ + shift_; }
  Place place_behind(std::uint64_t sequence, const SequenceHistory& history);
  std::uint64_t forward_behind_gap(std::uint64_t sequence, Unmissed unmissed, SequenceHistory& history);
  void advance(std::uint64_t sequence, Unmissed unmissed, SequenceHistory& history);

  std::uint64_t newest_ = 0;
  std::uint64_t shift_ = 0;  ///< outgoing - source at the newest; wraps
  std::uint64_t entry_ = 0;
  std::uint16_t trailing_ = 0;    ///< holes behind the newest that was sent: nobody knows of them yet
  std::uint16_t stale_run_ = 0;   ///< numbers out of the window, in a row
  std::uint32_t stale_next_ = 0;  ///< low bits of the number behind the last of them
};

}  // namespace penstock::sfu
