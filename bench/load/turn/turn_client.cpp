#include "bench/load/turn/turn_client.h"

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/long_term_key.h"

namespace penstock::load {
namespace {

stun::Method method_of(Request request) {
  switch (request) {
    case Request::allocate:
      return stun::Method::allocate;
    case Request::permission:
      return stun::Method::create_permission;
    case Request::channel:
      return stun::Method::channel_bind;
    case Request::refresh:
    case Request::remove:
      return stun::Method::refresh;
  }
  return stun::Method::binding;
}

}  // namespace

void Credentials::set_realm(std::string_view realm) {
  if (key_.has_key() && realm == realm_) return;
  realm_ = realm;
  key_ = stun::HmacSha1(stun::long_term_key(stun::PasswordAlgorithm::md5, user_, realm_, password_).bytes());
}

std::size_t TurnClient::write(Request request, const stun::TransactionId& id, std::span<std::uint8_t> out) const {
  stun::MessageBuilder message(out, method_of(request), stun::Class::request, id);
  switch (request) {
    case Request::allocate:
      message.requested_transport(stun::kTransportUdp);
      // Only where the default, IPv4, would not do (RFC 8656 section 18.6): older servers know no such attribute.
      if (peer_.address.family() == net::Family::v6) message.requested_address_family(net::Family::v6);
      break;
    case Request::permission:
      message.xor_peer_address(peer_);
      break;
    case Request::channel:
      message.channel_number(channel_).xor_peer_address(peer_);
      break;
    case Request::refresh:
      break;
    case Request::remove:
      message.lifetime(0);
      break;
  }
  if (!nonce_.empty()) {
    message.username(credentials_->user()).realm(credentials_->realm()).nonce(nonce_);
    message.message_integrity(credentials_->key());
  }
  return message.finish().value_or(0);
}

TurnClient::Answer TurnClient::read(Request request, const stun::MessageView& message) {
  if (message.message_class() == stun::Class::success) {
    if (request == Request::allocate) {
      const auto relayed = stun::xor_relayed_address(message);
      last_error_ = 0;
      if (!relayed) return Answer::refused;
      relayed_ = *relayed;
    }
    return Answer::success;
  }
  const auto error = stun::error_code(message);
  last_error_ = error ? error->code : std::uint16_t{0};
  const bool challenged = last_error_ == static_cast<std::uint16_t>(stun::Error::unauthenticated) ||
                          last_error_ == static_cast<std::uint16_t>(stun::Error::stale_nonce);
  const auto nonce = stun::nonce(message);
  const auto realm = stun::realm(message);
  if (!challenged || !nonce || !realm) return Answer::refused;
  credentials_->set_realm(*realm);
  nonce_ = *nonce;
  return Answer::challenge;
}

}  // namespace penstock::load
