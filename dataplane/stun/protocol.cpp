#include "dataplane/stun/protocol.h"

namespace penstock::stun {

std::string_view reason_phrase(Error code) {
  switch (code) {
    case Error::try_alternate:
      return "Try Alternate";
    case Error::bad_request:
      return "Bad Request";
    case Error::unauthenticated:
      return "Unauthenticated";
    case Error::forbidden:
      return "Forbidden";
    case Error::unknown_attribute:
      return "Unknown Attribute";
    case Error::allocation_mismatch:
      return "Allocation Mismatch";
    case Error::stale_nonce:
      return "Stale Nonce";
    case Error::address_family_not_supported:
      return "Address Family not Supported";
    case Error::wrong_credentials:
      return "Wrong Credentials";
    case Error::unsupported_transport_protocol:
      return "Unsupported Transport Protocol";
    case Error::peer_address_family_mismatch:
      return "Peer Address Family Mismatch";
    case Error::allocation_quota_reached:
      return "Allocation Quota Reached";
    case Error::role_conflict:
      return "Role Conflict";
    case Error::server_error:
      return "Server Error";
    case Error::insufficient_capacity:
      return "Insufficient Capacity";
  }
  return "";
}

}  // namespace penstock::stun
