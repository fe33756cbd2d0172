#pragma once
// A user as limits count it: 128 bits in place of a name of up to 508 bytes.

#include <compare>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "dataplane/stun/hash.h"

namespace penstock::turn {

/// The first half of the SHA-256 of the name without its timestamp, so equal on every worker and after a restart.
/// Default-constructed it is nobody. Limits count names, not credentials: a static user and an ephemeral one of the
/// same name are the same user, as they are to the operator who gave out both.
struct UserId {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  bool is_nobody() const { return high == 0 && low == 0; }
  friend bool operator==(const UserId&, const UserId&) = default;
  friend std::strong_ordering operator<=>(const UserId&, const UserId&) = default;
};

/// Stands for all users together, whose total limits are counted like those of one user.
inline constexpr UserId kEverybody{UINT64_MAX, UINT64_MAX};

inline UserId user_id(std::string_view name) {
  const stun::Sha256Digest digest = stun::sha256({stun::bytes_of(name)});
  return {stun::load_be64(digest.data()), stun::load_be64(digest.data() + 8)};
}

/// The worker that counts this user (DESIGN decision 8); worker 0 for everybody.
inline std::uint16_t home_worker(const UserId& user, std::uint16_t workers) {
  return user == kEverybody ? std::uint16_t{0} : static_cast<std::uint16_t>(user.high % workers);
}

/// For tables: users choose their names, not where they land.
inline std::uint32_t hash(const UserId& user, std::uint64_t salt) {
  const std::uint64_t h = (user.low ^ salt) * 0x9ddfea08eb382d69ULL;
  return static_cast<std::uint32_t>(h >> 32);
}

}  // namespace penstock::turn
