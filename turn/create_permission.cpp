// CreatePermission (RFC 8656 section 10): installs or renews permissions, all those the request names or none.

#include "dataplane/stun/attributes.h"
#include "turn/permissions.h"
#include "turn/requests.h"

namespace penstock::turn {
namespace {

// Calls each(peer) for every XOR-PEER-ADDRESS until one returns an error; 400 when there is none.
template <class Each>
std::optional<stun::Error> for_each_peer(const stun::MessageView& message, Each&& each) {
  bool any = false;
  for (const stun::Attribute attribute : message.attributes()) {
    if (!attribute.is(stun::AttributeType::xor_peer_address)) continue;
    any = true;
    const auto peer = stun::decode_xor_address(attribute.value, message.transaction_id());
    if (!peer) return stun::Error::bad_request;
    if (const auto error = each(peer->address)) return error;
  }
  if (!any) return stun::Error::bad_request;
  return std::nullopt;
}

}  // namespace

Handled create_permission(Core& core, const Request& request) {
  if (request.allocation == kNone) return refuse(core, request, stun::Error::allocation_mismatch);
  if (request.authentication.who.user != core.user_of(request.allocation)) {
    return refuse(core, request, stun::Error::wrong_credentials);
  }
  const std::uint32_t index = request.allocation;
  auto error = for_each_peer(request.message,
                             [&](const net::Address& peer) { return check_peer(core, core.allocations[index], peer); });
  if (!error) {
    error =
        for_each_peer(request.message, [&](const net::Address& peer) { return prepare_permission(core, index, peer); });
  }
  if (error) {
    discard_prepared_permissions(core, index);
    return refuse(core, request, *error);
  }
  for_each_peer(request.message, [&](const net::Address& peer) {
    renew_permission(core, index, peer);
    return std::optional<stun::Error>{};
  });
  return accept(core, request);
}

}  // namespace penstock::turn
