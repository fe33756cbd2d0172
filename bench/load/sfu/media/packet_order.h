#pragma once
// Packets of one stream back in their order, whether they came late, by retransmission or not at all.

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "dataplane/rtp/wrapping.h"

namespace penstock::load::media {

/// `Item` is what is kept of a packet. Zero bytes are the initial state.
template <class Item, std::size_t kWindow = 512>
class PacketOrder {
 public:
  enum class Arrival : std::uint8_t {
    next,       ///< the newest, and right behind the last newest
    skipped,    ///< the newest, others are missing before it
    late,       ///< was missing
    duplicate,  ///< is there already, or was given up
  };
  struct Note {
    Arrival arrival;
    std::uint32_t skipped = 0;  ///< how many are newly missing
  };

  /// Whether the window has no room for `sequence` before give_up() and take() have moved it on.
  bool crowded(rtp::SequenceNumber sequence) const {
    return waiting() && unwrapper_.peek(sequence) - next_ >= static_cast<std::int64_t>(kWindow);
  }

  /// Not while crowded().
  Note add(rtp::SequenceNumber sequence, const Item& item) {
    const std::int64_t number = unwrapper_.peek(sequence);
    if (!unwrapper_.started()) {
      next_ = number;
      unwrapper_.unwrap(sequence);
      slot(number) = {true, item};
      return {Arrival::next};
    }
    const std::int64_t newest = unwrapper_.newest();
    if (number < next_ || (number <= newest && present(number))) return {Arrival::duplicate};
    Note note{Arrival::late};
    if (number > newest) {
      note.skipped = static_cast<std::uint32_t>(number - newest - 1);
      note.arrival = note.skipped == 0 ? Arrival::next : Arrival::skipped;
      forget(std::max(newest + 1, number - static_cast<std::int64_t>(kWindow) + 1), number);
      unwrapper_.unwrap(sequence);
    }
    slot(number) = {true, item};
    return note;
  }

  /// The next packet in order, once it is there.
  std::optional<Item> take() {
    if (!waiting() || !present(next_)) return std::nullopt;
    return slot(next_++).item;
  }
  /// Whether there is something behind a gap.
  bool waiting() const { return unwrapper_.started() && next_ <= unwrapper_.newest(); }
  /// Gives up on what is missing in front; how many that were. take() goes on behind them.
  std::uint32_t give_up() {
    std::uint32_t count = 0;
    for (; waiting() && !present(next_); ++next_) ++count;
    return count;
  }

 private:
  struct Slot {
    bool present = false;
    Item item{};
  };
  Slot& slot(std::int64_t number) { return slots_[static_cast<std::uint64_t>(number) % kWindow]; }
  void forget(std::int64_t from, std::int64_t end) {
    for (; from < end; ++from) slot(from).present = false;
  }
  /// A slot beyond the window is another number's.
  bool present(std::int64_t number) {
    return number + static_cast<std::int64_t>(kWindow) > unwrapper_.newest() && slot(number).present;
  }

  std::array<Slot, kWindow> slots_{};
  rtp::SequenceUnwrapper unwrapper_;
  std::int64_t next_ = 0;
};

}  // namespace penstock::load::media
