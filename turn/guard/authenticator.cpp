#include "turn/guard/authenticator.h"

#include <optional>
#include <utility>

#include "dataplane/stun/attributes.h"
#include "turn/guard/challenge.h"

namespace penstock::turn {
namespace {

using stun::AttributeType;
using stun::PasswordAlgorithm;
using Result = AuthenticationResult;

stun::SecurityFeatures features(const Credentials& credentials) {
  return {.password_algorithms = true, .username_anonymity = credentials.announces_username_anonymity()};
}

/// RFC 8489 section 9.2.4, the third check: the algorithm a request is to be checked with, or nothing (400). The list
/// must come back as it was sent, so that nobody on the path can have struck the better algorithm from it.
std::optional<PasswordAlgorithm> password_algorithm(const stun::MessageView& request, std::string_view nonce) {
  const bool has_choice = request.has(AttributeType::password_algorithm);
  const bool has_list = request.has(AttributeType::password_algorithms);
  if (!has_choice && !has_list) return PasswordAlgorithm::md5;
  // Without the feature in the nonce there was no list that could be echoed.
  const auto announced = stun::security_features(nonce);
  if (!announced || !announced->password_algorithms || !has_choice || !has_list) return std::nullopt;

  const auto list = stun::password_algorithms(request);
  const auto choice = stun::password_algorithm(request);
  if (!list || !choice || !choice->parameters.empty()) return std::nullopt;
  if (stun::text_of(*list) != stun::text_of(offered_algorithms_value())) return std::nullopt;
  if (!stun::lists(*list, choice->algorithm)) return std::nullopt;
  return choice->algorithm;
}

IntegrityKind integrity_of_answer(const stun::MessageView& request) {
  if (request.has(AttributeType::password_algorithm)) return IntegrityKind::sha256;
  return request.has(AttributeType::message_integrity_sha256) ? IntegrityKind::both : IntegrityKind::sha1;
}

}  // namespace

Authenticator::Authenticator(std::shared_ptr<const Credentials> credentials, const NonceSecret& secret,
                             std::uint32_t nonce_lifetime_s)
    : credentials_(std::move(credentials)),
      secret_(secret),
      nonces_(secret_, nonce_lifetime_s, features(*credentials_)) {}

void Authenticator::replace(std::shared_ptr<const Credentials> credentials, std::uint32_t nonce_lifetime_s) {
  credentials_ = std::move(credentials);
  nonces_ = NonceSource(secret_, nonce_lifetime_s, features(*credentials_));
}

NonceVerdict Authenticator::nonce_verdict(const stun::MessageView& request, const net::Endpoint& client,
                                          std::uint64_t now_ns) {
  const auto nonce = stun::nonce(request);
  return nonce ? nonces_.verify(*nonce, client, now_ns) : NonceVerdict::forged;
}

Authentication Authenticator::authenticate(const stun::MessageView& request, NonceVerdict nonce_verdict,
                                           std::uint64_t now_unix_s, const UserId* owner) {
  Authentication answer;
  answer.nonce = nonce_verdict;
  const auto end = [&](Result result) {
    answer.result = result;
    return answer;
  };

  if (!request.has(AttributeType::message_integrity) && !request.has(AttributeType::message_integrity_sha256)) {
    return end(Result::unauthenticated);
  }
  const auto nonce = stun::nonce(request);
  const auto realm = stun::realm(request);
  if (!nonce || !realm || (!stun::username(request) && !stun::userhash(request))) return end(Result::bad_request);
  const auto algorithm = password_algorithm(request, *nonce);
  if (!algorithm) return end(Result::bad_request);

  // The key contains the realm, so with another one no password can be right.
  if (*realm != credentials_->realm()) return end(Result::wrong_credentials);
  auto verified = credentials_->verify(request, *algorithm, now_unix_s, owner);
  if (!verified) {
    return end(verified.error() == CredentialError::malformed ? Result::bad_request : Result::wrong_credentials);
  }
  if (answer.nonce != NonceVerdict::fresh) return end(Result::stale_nonce);
  answer.who = *verified;
  answer.integrity = integrity_of_answer(request);
  return end(Result::authenticated);
}

std::size_t Authenticator::write_error(std::span<std::uint8_t> out, const stun::MessageView& request, Result result,
                                       const net::Endpoint& client, std::uint64_t now_ns) {
  switch (result) {
    case Result::authenticated:
      return 0;
    case Result::bad_request:
      return write_bad_request(out, request);
    case Result::unauthenticated:
    case Result::wrong_credentials:
      return write_challenge(out, request, stun::Error::unauthenticated, credentials_->realm(), nonces_, client,
                             now_ns);
    case Result::stale_nonce:
      return write_challenge(out, request, stun::Error::stale_nonce, credentials_->realm(), nonces_, client, now_ns);
  }
  return 0;
}

void sign(stun::MessageBuilder& answer, const Authentication& authentication) {
  const SessionKeys& keys = authentication.who.keys;
  if (authentication.integrity != IntegrityKind::sha256) answer.message_integrity(keys.sha1);
  if (authentication.integrity != IntegrityKind::sha1) answer.message_integrity_sha256(keys.sha256);
}

}  // namespace penstock::turn
