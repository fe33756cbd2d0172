#pragma once
// An Allocate from the moment it is found good until it is answered. Mostly that is at once; when another worker has to
// be asked (the user's home, or the holder of a reservation) it waits here.

#include <array>
#include <cstdint>
#include <string_view>

#include "dataplane/stun/attributes.h"
#include "turn/answer.h"
#include "turn/guard/authenticator.h"
#include "turn/guard/user_shares.h"
#include "turn/messages.h"
#include "turn/pool.h"
#include "turn/relay_ports.h"

namespace penstock::turn {

/// What an Allocate asks for, read and found consistent.
struct AllocateRequest {
  net::Family family = net::Family::v4;
  bool and_v6 = false;  ///< ADDITIONAL-ADDRESS-FAMILY
  bool even_port = false;
  bool reserve_next = false;
  bool has_token = false;
  stun::ReservationToken token{};
  std::uint32_t lifetime_s = 0;
};

enum class AllocateStage : std::uint8_t {
  user_quota,
  total_quota,
  reservation,
  make,
  release_total,  ///< refused: give back what was granted
  release_user,
  done,
};

struct PendingAllocate {
  std::uint32_t next = kNone;  ///< the pool's, or the list of those to run again
  std::uint32_t generation = 0;
  AllocateStage stage = AllocateStage::user_quota;
  bool asked = false;  ///< another worker has the word
  bool paid = false;   ///< both quotas have granted what it needs
  bool sent = true;    ///< the answer, unless there was no packet for it
  net::FlowId flow = net::kNoFlow;
  AllocateRequest request;
  AnswerTo answer_to;
  Authentication authentication;
  ReservedPort reserved;
  std::uint8_t user_size = 0;
  std::array<char, UserShares::kNameBytes> user_name{};

  /// Of quotas; the next port, reserved, counts as well.
  std::uint32_t allocations() const { return request.reserve_next ? 2 : 1; }
  std::string_view name() const { return {user_name.data(), user_size}; }
};

}  // namespace penstock::turn
