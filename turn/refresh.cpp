// Refresh (RFC 8656 section 8.2): an allocation lives on, or ends at the client's wish.

#include "dataplane/engine/clock.h"
#include "dataplane/stun/attributes.h"
#include "turn/ending.h"
#include "turn/requests.h"

namespace penstock::turn {
namespace {

bool asks_for_end(const stun::MessageView& message) {
  return stun::lifetime_s(message).value_or(1) == 0;
}

Handled answer_lifetime(Core& core, const Request& request, std::uint32_t lifetime_s) {
  Answer answer(core, request.answer_to, &request.authentication, stun::Class::success);
  answer.message().lifetime(lifetime_s);
  return answered(answer.send());
}

// This very request has ended the allocation, or let go of one of its addresses, and the answer was lost or is late.
// What is on the five-tuple now, the other address or an allocation made since, is none of its business.
bool was_carried_out(const Core& core, const Request& request) {
  const AnswerTo& to = request.answer_to;
  return asks_for_end(request.message) &&
         core.deleted.has(to.client, to.transaction_id, request.authentication.who.user, core.now_ns);
}

}  // namespace

Handled refresh(Core& core, const Request& request) {
  if (was_carried_out(core, request)) {
    core.stats.retransmitted_requests.add();
    return answer_lifetime(core, request, 0);
  }
  if (request.allocation == kNone) return refuse(core, request, stun::Error::allocation_mismatch);
  const UserId user = core.user_of(request.allocation);
  if (request.authentication.who.user != user) return refuse(core, request, stun::Error::wrong_credentials);

  const auto family = stun::requested_address_family(request.message);
  if (!family && family.error() == stun::AttributeError::malformed) {
    return refuse(core, request, stun::Error::bad_request);
  }
  Allocation& allocation = core.allocations[request.allocation];
  if ((!family && family.error() == stun::AttributeError::unsupported_family) || (family && !allocation.has(*family))) {
    return refuse(core, request, stun::Error::peer_address_family_mismatch);
  }
  const auto lifetime_s = granted_lifetime_s(core, request.message);
  if (!lifetime_s) return refuse(core, request, stun::Error::bad_request);

  if (asks_for_end(request.message)) {
    core.deleted.add(request.answer_to.client, request.answer_to.transaction_id, user, core.now_ns);
    // With two relayed addresses and a family named, only the address of that family goes (RFC 8656 section 8.2).
    if (family && allocation.has(net::Family::v4) && allocation.has(net::Family::v6)) {
      drop_relayed_address(core, request.allocation, *family);
    } else {
      end_allocation(core, request.allocation, EndReason::refresh_zero);
    }
    return answer_lifetime(core, request, 0);
  }
  allocation.live_until(core.now_ns + *lifetime_s * engine::kNsPerS);
  return answer_lifetime(core, request, *lifetime_s);
}

}  // namespace penstock::turn
