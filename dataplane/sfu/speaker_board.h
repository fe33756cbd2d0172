#pragma once
// Who speaks in a room: audio last-N. A hundred open microphones times a hundred listeners is ten thousand streams that
// nobody can hear; the N loudest tracks have a seat, and only they are forwarded. Shared by all workers, because a
// room's tracks may be on several.

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/sfu/parameters.h"

namespace penstock::sfu {

/// A track of the process.
struct Speaker {
  std::uint16_t worker = kNoWorker;
  TrackSlot track = kNoSlot;
  std::uint8_t level = 127;  ///< smoothed, -dBov; 127: silence

  friend bool operator==(const Speaker&, const Speaker&) = default;
};

/// Rooms by number, kMostSeats seats each. Any worker may change a seat, any thread may read.
class SpeakerBoard {
 public:
  /// A track holds its seat against another that is less than this much louder: two that talk at once must not take
  /// turns every 20 ms.
  static constexpr unsigned kHysteresis_dB = 6;
  /// A seat whose holder sent nothing for this long is free.
  static constexpr std::uint64_t kHold_ns = 1'500'000'000;
  /// What a track without the level extension (RFC 6464) counts as.
  static constexpr std::uint8_t kUnknownLevel = 50;
  /// Levels are what a client says (RFC 6464): nobody is believed to be louder than this, so that who always says 0
  /// is no harder to displace than a loud voice;
  static constexpr std::uint8_t kLoudest = 20;
  /// and who was not once quieter than this for so long counts as one that tells no level.
  static constexpr std::uint8_t kPause = 45;
  static constexpr std::uint64_t kLongestBreath_ns = 10'000'000'000;

  explicit SpeakerBoard(std::uint32_t rooms);

  std::uint32_t rooms() const { return static_cast<std::uint32_t>(rooms_.size()); }

  /// A packet of `who` at its smoothed level: true when it has a seat, or takes one of the first `seats`. A worker's
  /// thread, once per packet.
  bool speaks(std::uint32_t room, std::uint8_t seats, const Speaker& who, std::uint64_t now_ns);
  /// The track has ended: gives its seat back.
  void leave(std::uint32_t room, std::uint16_t worker, TrackSlot track);
  /// Who has a seat at present. Any thread.
  std::vector<Speaker> speakers(std::uint32_t room, std::uint64_t now_ns) const;

 private:
  struct Room {
    std::array<std::atomic<std::uint64_t>, kMostSeats> seats{};  ///< 0: free
  };
  std::vector<Room> rooms_;
};

}  // namespace penstock::sfu
