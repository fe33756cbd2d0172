#pragma once
// Who has which place in one of a worker's tables. Control alone hands places out, so an update cannot fail
// (DESIGN.md, decision 7).

#include <cstdint>
#include <deque>
#include <optional>
#include <utility>
#include <vector>

#include "control/rooms/statistics.h"
#include "dataplane/sfu/parameters.h"

namespace penstock::control::rooms {

/// A place and its use; the zero generation is never used.
struct Place {
  std::uint32_t slot = sfu::kNoSlot;
  std::uint32_t generation = 0;
  friend bool operator==(const Place&, const Place&) = default;
};

/// Given places, then vacated ones (their removal is under way), then free ones. Memory grows with the places ever
/// used; low numbers come first, for the worker's tables are touched as they are used.
template <class User>
class SlotTable {
 public:
  explicit SlotTable(std::uint32_t size) : size_(size) {}

  struct Entry {
    User* user = nullptr;
    std::uint32_t generation = 0;
    bool shown = false;      ///< what the board says of this use counts
    Counts<User> sampled{};  ///< what the board said of this use at the last sample
  };

  /// `user`: whose status the board shows at that place; nullptr: nobody's who is looked at.
  std::optional<Place> acquire(User* user) {
    std::uint32_t slot = 0;
    if (!free_.empty()) {
      slot = free_.back();
      free_.pop_back();
    } else if (entries_.size() < size_) {
      slot = static_cast<std::uint32_t>(entries_.size());
      entries_.emplace_back();
    } else {
      return std::nullopt;
    }
    Entry& entry = entries_[slot];
    entry.user = user;
    entry.shown = user != nullptr;
    if (++entry.generation == 0) entry.generation = 1;
    entry.sampled = {};
    return Place{slot, entry.generation};
  }
  /// The inverse of the latest acquire() that was not undone.
  void undo_acquire(Place place) {
    Entry& entry = entries_[place.slot];
    entry.user = nullptr;
    if (--entry.generation == 0 && place.slot + 1 == entries_.size()) {
      entries_.pop_back();
    } else {
      free_.push_back(place.slot);
    }
  }

  /// Nobody's any more; it is to be retired when the update with its removal has a number.
  /// Returns whose it was.
  User* vacate(Place place) { return std::exchange(entries_[place.slot].user, nullptr); }
  void undo_vacate(Place place, User* user) { entries_[place.slot].user = user; }
  /// Another one's from now on, with the counts that it had elsewhere and that move along.
  void give(Place place, User& user, const Entry& from) {
    Entry& entry = entries_[place.slot];
    entry.user = &user;
    entry.shown = true;
    entry.sampled = from.sampled;
  }
  /// Still in use, but nobody looks at it: what it counted is with another. Returns the entry as it was.
  Entry forsake(Place place) {
    Entry& entry = entries_[place.slot];
    const Entry was = entry;
    entry.user = nullptr;
    entry.shown = false;
    return was;
  }
  void retire(Place place, std::uint64_t update) { retired_.push_back({place, update}); }

  /// Frees places whose removal was applied; calls last(place, entry) before, for each that was shown.
  template <class Last>
  void reclaim(std::uint64_t applied, Last&& last) {
    for (; !retired_.empty() && retired_.front().update <= applied; retired_.pop_front()) {
      const Place place = retired_.front().place;
      if (entries_[place.slot].shown) last(place, entries_[place.slot]);
      free_.push_back(place.slot);
    }
  }

  User* find(Place place) const {
    if (place.slot >= entries_.size() || entries_[place.slot].generation != place.generation) return nullptr;
    return entries_[place.slot].user;
  }
  /// Whoever has it now.
  User* at(std::uint32_t slot) const { return slot < entries_.size() ? entries_[slot].user : nullptr; }

  std::deque<Entry>& entries() { return entries_; }
  std::uint32_t available() const { return static_cast<std::uint32_t>(free_.size() + (size_ - entries_.size())); }
  std::size_t retiring() const { return retired_.size(); }
  std::uint32_t size() const { return size_; }
  const std::vector<std::uint32_t>& free_places() const { return free_; }

 private:
  struct Retired {
    Place place;
    std::uint64_t update;
  };

  std::uint32_t size_;
  std::deque<Entry> entries_;
  std::vector<std::uint32_t> free_;
  std::deque<Retired> retired_;
};

}  // namespace penstock::control::rooms
