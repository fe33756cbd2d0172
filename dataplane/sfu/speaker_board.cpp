#include "dataplane/sfu/speaker_board.h"

#include <algorithm>

namespace penstock::sfu {
namespace {

// A seat is one word, so that it changes hands whole: who, how loud, and when it was last heard.
//   63..48 when, in units of 33.6 ms, wraps after 36 minutes | 47..40 level | 39..32 worker, plus one | 31..0 track
constexpr unsigned kTickShift = 25;
// Workers' passes begin at different times: a seat may have been written in what is the future to who looks at it.
constexpr std::uint16_t kFutureTicks = 64;
constexpr std::uint64_t kWho = 0xff'ffff'ffff;
// Weaker than silence, and by more than the hysteresis.
constexpr unsigned kVacantLevel = 255;

std::uint16_t tick_of(std::uint64_t now_ns) {
  return static_cast<std::uint16_t>(now_ns >> kTickShift);
}

std::uint64_t who_of(std::uint16_t worker, TrackSlot track) {
  return (std::uint64_t{worker} + 1) << 32 | track;
}

bool is_of(std::uint64_t seat, const Speaker& who) {
  return (seat & kWho) == who_of(who.worker, who.track);
}

std::uint64_t seat_of(const Speaker& who, std::uint64_t now_ns) {
  return std::uint64_t{tick_of(now_ns)} << 48 | std::uint64_t{who.level} << 40 | who_of(who.worker, who.track);
}

std::uint8_t level_of(std::uint64_t seat) {
  return static_cast<std::uint8_t>(seat >> 40);
}

// Nobody's, or of somebody who has not been heard for a while.
bool vacant(std::uint64_t seat, std::uint64_t now_ns) {
  if (seat == 0) return true;
  const auto silent = static_cast<std::uint16_t>(tick_of(now_ns) - static_cast<std::uint16_t>(seat >> 48));
  return static_cast<std::uint16_t>(silent + kFutureTicks) > kFutureTicks + (SpeakerBoard::kHold_ns >> kTickShift);
}

}  // namespace

SpeakerBoard::SpeakerBoard(std::uint32_t rooms) : rooms_(rooms) {}

bool SpeakerBoard::speaks(std::uint32_t room, std::uint8_t seats, const Speaker& who, std::uint64_t now_ns) {
  auto& all = rooms_[room].seats;
  const std::size_t count = std::min<std::size_t>(seats, all.size());
  const std::uint64_t ours = seat_of(who, now_ns);
  std::atomic<std::uint64_t>* weakest = nullptr;
  std::uint64_t weakest_seat = 0;
  unsigned weakest_level = 0;
  for (std::size_t i = 0; i < count; ++i) {
    std::uint64_t seat = all[i].load(std::memory_order_relaxed);
    // Fails when somebody louder took it in this very moment: then it has none.
    if (is_of(seat, who)) return all[i].compare_exchange_strong(seat, ours, std::memory_order_relaxed);
    const unsigned level = vacant(seat, now_ns) ? kVacantLevel : level_of(seat);
    if (weakest != nullptr && level <= weakest_level) continue;
    weakest = &all[i];
    weakest_seat = seat;
    weakest_level = level;
  }
  if (weakest == nullptr || who.level + kHysteresis_dB > weakest_level) return false;
  return weakest->compare_exchange_strong(weakest_seat, ours, std::memory_order_relaxed);
}

void SpeakerBoard::leave(std::uint32_t room, std::uint16_t worker, TrackSlot track) {
  for (auto& at : rooms_[room].seats) {
    std::uint64_t seat = at.load(std::memory_order_relaxed);
    if (is_of(seat, {worker, track})) at.compare_exchange_strong(seat, 0, std::memory_order_relaxed);
  }
}

std::vector<Speaker> SpeakerBoard::speakers(std::uint32_t room, std::uint64_t now_ns) const {
  std::vector<Speaker> present;
  for (const auto& at : rooms_[room].seats) {
    const std::uint64_t seat = at.load(std::memory_order_relaxed);
    if (vacant(seat, now_ns)) continue;
    present.push_back(
        {static_cast<std::uint16_t>((seat >> 32 & 0xff) - 1), static_cast<TrackSlot>(seat), level_of(seat)});
  }
  return present;
}

}  // namespace penstock::sfu
