// Allocate (RFC 8656 section 7.2), first half: what can be told from the request alone.

#include "dataplane/stun/attributes.h"
#include "turn/admission.h"
#include "turn/allocate_answer.h"
#include "turn/requests.h"

namespace penstock::turn {
namespace {

using stun::AttributeError;
using stun::AttributeType;
using stun::Error;

bool malformed(const auto& decoded) {
  return !decoded && decoded.error() == AttributeError::malformed;
}

std::optional<Error> read_transport(const stun::MessageView& message) {
  const auto transport = stun::requested_transport(message);
  if (!transport) return Error::bad_request;
  if (*transport != stun::kTransportUdp) return Error::unsupported_transport_protocol;
  if (malformed(stun::dont_fragment(message))) return Error::bad_request;
  return std::nullopt;
}

// Which family when the client does not say: IPv4 (RFC 8656 section 7.2), as browsers, which never say, rely on. A
// relay without IPv4 addresses gives what it has: no browser would know what to do with a 440.
net::Family default_family(const Core& core) {
  return core.ports.serves(net::Family::v4) ? net::Family::v4 : net::Family::v6;
}

std::optional<Error> read_families(const Core& core, const stun::MessageView& message, AllocateRequest& out) {
  const auto requested = stun::requested_address_family(message);
  const auto additional = stun::additional_address_family(message);
  if (malformed(requested) || malformed(additional)) return Error::bad_request;
  const bool has_requested = message.has(AttributeType::requested_address_family);
  const bool has_additional = message.has(AttributeType::additional_address_family);
  if (has_additional) {
    // Only IPv6 can be additional, to IPv4; and nothing else may choose addresses then.
    if (has_requested || out.has_token || out.reserve_next || (additional && *additional == net::Family::v4)) {
      return Error::bad_request;
    }
    if (!additional) return Error::address_family_not_supported;
    out.family = net::Family::v4;
    out.and_v6 = true;
    return std::nullopt;
  }
  if (has_requested && out.has_token) return Error::bad_request;
  if (has_requested && !requested) return Error::address_family_not_supported;
  out.family = requested ? *requested : default_family(core);
  if (!out.has_token && !core.ports.serves(out.family)) return Error::address_family_not_supported;
  return std::nullopt;
}

std::optional<Error> read_ports(const stun::MessageView& message, AllocateRequest& out) {
  const auto token = stun::reservation_token(message);
  const auto even = stun::even_port(message);
  if (malformed(token) || malformed(even) || (token && even)) return Error::bad_request;
  out.has_token = token.has_value();
  if (token) out.token = *token;
  out.even_port = even.has_value();
  out.reserve_next = even.value_or(false);
  return std::nullopt;
}

tl::expected<AllocateRequest, Error> read_request(const Core& core, const stun::MessageView& message) {
  AllocateRequest out;
  if (const auto error = read_transport(message)) return tl::unexpected(*error);
  if (const auto error = read_ports(message, out)) return tl::unexpected(*error);
  if (const auto error = read_families(core, message, out)) return tl::unexpected(*error);
  const auto lifetime_s = granted_lifetime_s(core, message);
  if (!lifetime_s) return tl::unexpected(Error::bad_request);
  out.lifetime_s = *lifetime_s;
  return out;
}

// The five-tuple has an allocation: this is either the request that made it, again, or a mistake.
Handled allocate_again(Core& core, const Request& request) {
  const AllocationFacts& facts = core.allocations.facts(request.allocation);
  if (facts.answer.transaction_id != request.answer_to.transaction_id ||
      core.user_of(request.allocation) != request.authentication.who.user) {
    return refuse(core, request, Error::allocation_mismatch);
  }
  core.stats.retransmitted_requests.add();
  return answered(answer_allocate(core, request.allocation, request.answer_to, request.authentication));
}

}  // namespace

Handled allocate(Core& core, const Request& request) {
  if (request.allocation != kNone) return allocate_again(core, request);
  if (request.flow != net::kNoFlow) return net::Drop::request_pending;
  const auto wish = read_request(core, request.message);
  if (!wish) return refuse(core, request, wish.error());
  // RFC 8656 offers a server that goes away 300, which needs an alternate to name; 508 makes clients try their next
  // one.
  if (core.draining) return refuse(core, request, Error::insufficient_capacity);
  return admit_allocate(core, *wish, request);
}

}  // namespace penstock::turn
