#pragma once
// What clients ask: dispatch of STUN messages (RFC 8489 section 6.3), and the checks that all requests share.

#include <cstdint>
#include <optional>

#include "dataplane/net/drop.h"
#include "dataplane/stun/message.h"
#include "turn/answer.h"
#include "turn/core.h"

namespace penstock::turn {

/// How the datagram ended: nothing when it was read and done with, else why it was dropped.
using Handled = std::optional<net::Drop>;

/// A STUN message from `client`; `flow` is its flow or kNoFlow. Everything but Send indications.
Handled handle_message(Core& core, const FiveTuple& client, net::FlowId flow, stun::Bytes datagram);

/// A request on its way through the checks.
struct Request {
  const stun::MessageView& message;
  AnswerTo answer_to;
  std::uint32_t allocation = kNone;  ///< the live allocation on this five-tuple
  net::FlowId flow = net::kNoFlow;
  Authentication authentication;  ///< passed, for everything but Binding
  bool error_admitted = false;    ///< by the answer limiter, before the request was authenticated
};

Handled binding(Core& core, const Request& request);
Handled allocate(Core& core, const Request& request);
Handled refresh(Core& core, const Request& request);
Handled create_permission(Core& core, const Request& request);
Handled channel_bind(Core& core, const Request& request);

/// The datagram's end after an answer: dropped when there was no packet to send it in.
inline Handled answered(bool sent) {
  return sent ? Handled{} : Handled{net::Drop::pool_empty};
}
inline Handled refuse(Core& core, const Request& request, stun::Error error) {
  return answered(answer_error(core, request.answer_to, &request.authentication, error));
}
inline Handled accept(Core& core, const Request& request) {
  return answered(answer_success(core, request.answer_to, &request.authentication));
}

/// The lifetime an Allocate or Refresh gets (RFC 8656 sections 7.2 and 7.3): what it asks for, within the limits.
/// Nothing when LIFETIME is malformed: 400.
std::optional<std::uint32_t> granted_lifetime_s(const Core& core, const stun::MessageView& message);

}  // namespace penstock::turn
