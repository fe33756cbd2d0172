#include "turn/requests.h"

#include <algorithm>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/integrity.h"
#include "turn/ending.h"
#include "turn/flows.h"
#include "turn/guard/challenge.h"

namespace penstock::turn {
namespace {

using Step = Handled (*)(Core&, const Request&);

struct Entry {
  stun::Method method;
  Method counted;
  Step step;
};

constexpr std::array<Entry, 5> kMethods = {{
    {stun::Method::binding, Method::binding, binding},
    {stun::Method::allocate, Method::allocate, allocate},
    {stun::Method::refresh, Method::refresh, refresh},
    {stun::Method::create_permission, Method::create_permission, create_permission},
    {stun::Method::channel_bind, Method::channel_bind, channel_bind},
}};

const Entry* find_entry(stun::Method method) {
  const auto at = std::find_if(kMethods.begin(), kMethods.end(), [&](const Entry& e) { return e.method == method; });
  return at == kMethods.end() ? nullptr : &*at;
}

// The live allocation of a flow. One whose time is over, but whose timer has not fired yet, ends here, and the flow
// with it.
std::uint32_t live_allocation(Core& core, net::FlowId& flow) {
  if (flow == net::kNoFlow || kind(core.flows[flow]) != FlowKind::client) return kNone;
  const std::uint32_t index = core.flows[flow].index;
  if (core.allocations[index].live_at(core.now_ns)) return index;
  expire_allocation(core, index);
  flow = net::kNoFlow;
  return kNone;
}

bool claims_integrity(const stun::MessageView& message) {
  return message.has(stun::AttributeType::message_integrity) ||
         message.has(stun::AttributeType::message_integrity_sha256);
}

void count_refusal(Core& core, AuthenticationResult result) {
  switch (result) {
    case AuthenticationResult::wrong_credentials:
      core.stats.authentication_failures.add();
      [[fallthrough]];
    case AuthenticationResult::unauthenticated:
      core.stats.nonces_issued.add();
      return count_error(core.stats, stun::Error::unauthenticated);
    case AuthenticationResult::stale_nonce:
      core.stats.nonces_stale.add();
      core.stats.nonces_issued.add();
      return count_error(core.stats, stun::Error::stale_nonce);
    default:
      return count_error(core.stats, stun::Error::bad_request);
  }
}

bool admit_error(Core& core, const Request& request, AnswerClass kind, std::size_t answer_bytes) {
  return core.answer_limiter.admit(kind, request.answer_to.client.remote.address, request.message.bytes().size(),
                                   answer_bytes, core.now_ns) == AnswerVerdict::send;
}

Handled rate_limited(Core& core) {
  core.stats.answers_rate_limited.add();
  return net::Drop::answer_rate_limited;
}

// 400, 401 or 438: what anybody can make us say, and so limited (RFC 8489 section 16).
Handled challenge(Core& core, const Request& request) {
  const Authentication& authentication = request.authentication;
  const net::Endpoint& client = request.answer_to.client.remote;
  std::array<std::uint8_t, kLongestChallenge> answer;
  const std::size_t size =
      core.authenticator.write_error(answer, request.message, authentication.result, client, core.now_ns);
  const AnswerClass kind = authentication.address_proved() ? AnswerClass::renewal : AnswerClass::challenge;
  if (size == 0 || !(request.error_admitted || admit_error(core, request, kind, size))) return rate_limited(core);
  count_refusal(core, authentication.result);
  return answered(core.host.answer(request.answer_to.client, request.answer_to.path, {answer.data(), size}));
}

Handled refuse_unknown_attributes(Core& core, const Request& request) {
  count_error(core.stats, stun::Error::unknown_attribute);
  Answer answer(core, request.answer_to, &request.authentication, stun::Class::error);
  answer.message().error_code(stun::Error::unknown_attribute).unknown_attributes(request.message.unknown_required());
  return answered(answer.send());
}

Handled handle_request(Core& core, Request& request) {
  const Entry* entry = find_entry(request.answer_to.method);
  if (entry == nullptr) return net::Drop::unknown_method;
  core.stats.requests[static_cast<std::size_t>(entry->counted)].add();
  if (entry->counted == Method::binding) return entry->step(core, request);

  const NonceVerdict nonce =
      core.authenticator.nonce_verdict(request.message, request.answer_to.client.remote, core.now_ns);
  // Without a nonce of ours it gets an error, whoever it is from. Whether that may be sent is asked first: what
  // follows, every secret tried on all of the message, is the most that a flood can make us work.
  if (nonce == NonceVerdict::forged && claims_integrity(request.message)) {
    request.error_admitted = admit_error(core, request, AnswerClass::challenge, kLongestChallenge);
    if (!request.error_admitted) return rate_limited(core);
  }
  const UserId* owner = request.allocation == kNone ? nullptr : &core.user_of(request.allocation);
  request.authentication = core.authenticator.authenticate(request.message, nonce, core.unix_s, owner);
  if (!request.authentication.ok()) return challenge(core, request);
  if (entry->counted == Method::allocate) {
    core.answer_limiter.allocate_authenticated(request.message.bytes().size());
  }
  if (!request.message.unknown_required().empty()) return refuse_unknown_attributes(core, request);
  return entry->step(core, request);
}

Handled handle_indication(const stun::MessageView& message) {
  // A Binding indication keeps a NAT's mapping alive and asks for nothing (RFC 8489 section 6.3.2).
  if (message.method() == stun::Method::binding) return {};
  return message.method() == stun::Method::send ? net::Drop::no_allocation : net::Drop::bad_indication;
}

}  // namespace

Handled handle_message(Core& core, const FiveTuple& client, net::FlowId flow, stun::Bytes datagram) {
  const auto message = stun::MessageView::parse(datagram);
  if (!message) return net::Drop::malformed_stun;
  switch (message->message_class()) {
    case stun::Class::request:
      break;
    case stun::Class::indication:
      return handle_indication(*message);
    default:
      return net::Drop::stray_response;
  }
  const stun::Verdict fingerprint = stun::verify_fingerprint(*message);
  if (fingerprint == stun::Verdict::mismatch || fingerprint == stun::Verdict::malformed) {
    return net::Drop::malformed_stun;
  }

  const std::uint32_t allocation = live_allocation(core, flow);
  Request request{.message = *message, .answer_to = {}, .allocation = allocation, .flow = flow, .authentication = {}};
  AnswerTo& to = request.answer_to;
  to.client = client;
  to.method = message->method();
  std::copy(message->transaction_id().begin(), message->transaction_id().end(), to.transaction_id.begin());
  to.fingerprint = fingerprint == stun::Verdict::valid;
  to.path =
      allocation != kNone ? core.allocations[allocation].client_path : core.host.resolve(client.local, client.remote);
  return handle_request(core, request);
}

std::optional<std::uint32_t> granted_lifetime_s(const Core& core, const stun::MessageView& message) {
  const AllocationLimits& limits = core.settings->settings.allocation_limits;
  const auto asked = stun::lifetime_s(message);
  if (!asked) {
    if (asked.error() == stun::AttributeError::absent) return limits.lifetime_default_s;
    return std::nullopt;
  }
  const std::uint32_t most = std::max(limits.lifetime_max_s, limits.lifetime_default_s);
  return std::clamp(*asked, limits.lifetime_default_s, most);
}

}  // namespace penstock::turn
