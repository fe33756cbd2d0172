#pragma once
// The users with allocations on one worker: who they are, and their shares of limits.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "dataplane/net/lazy_array.h"
#include "turn/guard/user_share.h"
#include "turn/index_table.h"
#include "turn/pool.h"

namespace penstock::turn {

/// An idle allocation is to cost next to nothing, so a user's name is kept once for all its allocations, and what rates
/// need of memory is touched only where rates are limited.
class UserShares {
 public:
  /// Of a name so many bytes are kept, for the record of an ended allocation.
  static constexpr std::size_t kNameBytes = 124;

  /// `capacity`: users with allocations on this worker, so its allocations are always enough. `salt`: random.
  UserShares(std::uint32_t capacity, const UserLimits& limits, std::uint64_t salt);

  /// The user's entry, one reference more; kNone when the table is full. `name` counts when the user is new.
  std::uint32_t acquire(const UserId& user, std::string_view name);
  /// One reference less; the last one ends the entry.
  void release(std::uint32_t index);

  /// The share, with the limits in force.
  UserShare& operator[](std::uint32_t index) {
    UserShare& share = shares_[index];
    if (share.limits_ != limits_) bring_up_to_date(index);
    return share;
  }
  const UserId& user(std::uint32_t index) const { return users_[index].user; }
  /// Writes the name, cut to what is kept, and returns its size.
  std::size_t copy_name(std::uint32_t index, std::span<char, kNameBytes> out) const;

  /// For a grant; kNone when the user has no share here any more, and the grant is lost.
  std::uint32_t find(const UserId& user) const;

  /// Whether rates are limited at all: if not, packets need not be metered.
  bool limited() const { return plan_.limited(); }
  /// After a reload. However many users there are, each meets the new limits with its next packet.
  void set_limits(const UserLimits& limits);

 private:
  static constexpr std::size_t kNameHead = 39;
  struct alignas(64) User {
    UserId user;
    std::uint32_t references;
    std::uint32_t next;  // the pool's
    std::uint8_t name_size;
    std::array<char, kNameHead> name;  // the rest, if there is any, in name_tails_
  };
  static_assert(sizeof(User) == 64);
  using NameTail = std::array<char, kNameBytes - kNameHead>;

  void set_name(std::uint32_t index, std::string_view name);
  void bring_up_to_date(std::uint32_t index);

  RatePlan plan_;
  std::uint64_t limits_ = 1;  // how many there have been
  bool ever_limited_;
  std::uint64_t salt_;
  Pool<User> users_;
  IndexTable table_;
  net::LazyArray<NameTail> name_tails_;
  net::LazyArray<UserShare> shares_;
};

}  // namespace penstock::turn
