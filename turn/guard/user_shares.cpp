#include "turn/guard/user_shares.h"

#include <algorithm>

namespace penstock::turn {

UserShares::UserShares(std::uint32_t capacity, const UserLimits& limits, std::uint64_t salt)
    : plan_(rate_plan(limits)),
      ever_limited_(plan_.limited()),
      salt_(salt),
      users_(capacity),
      table_(capacity),
      name_tails_(capacity),
      shares_(capacity) {}

std::uint32_t UserShares::acquire(const UserId& user, std::string_view name) {
  std::uint32_t index = find(user);
  if (index == kNone) {
    index = users_.take();
    if (index == kNone) return kNone;
    users_[index].user = user;
    users_[index].references = 0;
    set_name(index, name);
    if (ever_limited_) shares_[index].limits_ = 0;
    table_.insert(hash(user, salt_), index);
  }
  ++users_[index].references;
  return index;
}

void UserShares::release(std::uint32_t index) {
  User& user = users_[index];
  if (--user.references != 0) return;
  table_.erase(hash(user.user, salt_), index);
  users_.give(index);
}

std::size_t UserShares::copy_name(std::uint32_t index, std::span<char, kNameBytes> out) const {
  const User& user = users_[index];
  const std::size_t head = std::min<std::size_t>(user.name_size, kNameHead);
  std::copy_n(user.name.begin(), head, out.begin());
  if (user.name_size > head) {
    std::copy_n(name_tails_[index].begin(), user.name_size - head, out.begin() + static_cast<std::ptrdiff_t>(head));
  }
  return user.name_size;
}

void UserShares::set_name(std::uint32_t index, std::string_view name) {
  User& user = users_[index];
  name = name.substr(0, kNameBytes);
  user.name_size = static_cast<std::uint8_t>(name.size());
  std::ranges::copy(name.substr(0, kNameHead), user.name.begin());
  if (name.size() > kNameHead) std::ranges::copy(name.substr(kNameHead), name_tails_[index].begin());
}

std::uint32_t UserShares::find(const UserId& user) const {
  return table_.find(hash(user, salt_), [&](std::uint32_t i) { return users_[i].user == user; });
}

void UserShares::set_limits(const UserLimits& limits) {
  plan_ = rate_plan(limits);
  ++limits_;
  ever_limited_ |= plan_.limited();
}

void UserShares::bring_up_to_date(std::uint32_t index) {
  UserShare& share = shares_[index];
  // The second happens while nothing is limited, and so nothing is lost.
  if (share.limits_ == 0 || share.user() != users_[index].user) {
    share.start(users_[index].user, plan_);
  } else {
    share.set_plan(plan_);
  }
  share.limits_ = limits_;
}

}  // namespace penstock::turn
