#pragma once
// What a worker and the home of a user tell each other. Trivially copyable; the TURN service puts them into mailbox
// messages, or calls directly where the home is the worker itself.

#include <cstdint>
#include <type_traits>

#include "turn/guard/user_id.h"

namespace penstock::turn {

/// As the limits are named.
enum class Direction : std::uint8_t { to_peer, to_client };
inline constexpr std::size_t kDirections = 2;

/// Worker to home: may this user have so many more? A relayed port reserved with EVEN-PORT counts as an allocation.
struct Reserve {
  UserId user;
  std::uint64_t cookie = 0;  ///< the asker's, echoed
  std::uint32_t allocations = 1;
};

enum class ReserveVerdict : std::uint8_t {
  granted,
  quota_reached,  ///< 486
  table_full,     ///< the home has no room to count one more user: 508
};

/// Home to worker. A granted allocation is counted until it is released.
struct ReserveAnswer {
  UserId user;
  std::uint64_t cookie = 0;
  ReserveVerdict verdict = ReserveVerdict::granted;
};

/// Worker to home: so many have ended, or were never made. Must never be dropped, so it carries a count: a worker
/// whose mailbox is full adds up.
struct Release {
  UserId user;
  std::uint32_t allocations = 1;
};

/// Worker to home: this much more may be spent here. One at a time per user, worker and direction.
struct LeaseRequest {
  UserId user;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  Direction direction = Direction::to_peer;
};

/// Home to worker: granted in full, but not to be spent before a moment of the workers' common clock. By telling when,
/// the home lets a worker that overspends wait its turn without asking again.
struct LeaseGrant {
  UserId user;
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t usable_from_ns = 0;
  Direction direction = Direction::to_peer;
};

template <class T>
inline constexpr bool kFitsMessage = std::is_trivially_copyable_v<T> && sizeof(T) <= 120;
static_assert(kFitsMessage<Reserve> && kFitsMessage<ReserveAnswer> && kFitsMessage<Release> &&
              kFitsMessage<LeaseRequest> && kFitsMessage<LeaseGrant>);

}  // namespace penstock::turn
