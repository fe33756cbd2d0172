#pragma once
// Which rooms have seats on the SpeakerBoard.

#include <cstdint>
#include <deque>
#include <optional>
#include <vector>

namespace penstock::control::rooms {

/// Numbers on the board. One that was given back is given again once all workers have applied what took it from tracks.
class SeatedRooms {
 public:
  explicit SeatedRooms(std::uint32_t size = 0) : size_(size) {}

  std::optional<std::uint32_t> acquire() {
    if (!free_.empty()) {
      const std::uint32_t number = free_.back();
      free_.pop_back();
      return number;
    }
    return next_ < size_ ? std::optional(next_++) : std::nullopt;
  }
  /// The inverse of the latest acquire() that was not undone.
  void undo_acquire(std::uint32_t number) { free_.push_back(number); }
  /// `updates`: by worker.
  void retire(std::uint32_t number, std::vector<std::uint64_t> updates) {
    retired_.push_back({number, std::move(updates)});
  }
  /// `applied(worker)`: the number of its last update.
  template <class Applied>
  void reclaim(Applied&& applied) {
    for (; !retired_.empty() && done(retired_.front().updates, applied); retired_.pop_front()) {
      free_.push_back(retired_.front().number);
    }
  }
  std::uint32_t available() const { return static_cast<std::uint32_t>(free_.size()) + (size_ - next_); }
  std::uint32_t size() const { return size_; }

 private:
  struct Retired {
    std::uint32_t number;
    std::vector<std::uint64_t> updates;
  };

  template <class Applied>
  static bool done(const std::vector<std::uint64_t>& updates, Applied& applied) {
    for (std::uint16_t worker = 0; worker < updates.size(); ++worker) {
      if (applied(worker) < updates[worker]) return false;
    }
    return true;
  }

  std::uint32_t size_;
  std::uint32_t next_ = 0;
  std::vector<std::uint32_t> free_;
  std::deque<Retired> retired_;
};

}  // namespace penstock::control::rooms
