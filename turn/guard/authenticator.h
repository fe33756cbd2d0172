#pragma once
// The server's side of the long-term credential mechanism: RFC 8489 section 9.2.4, as one decision.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/net/address.h"
#include "dataplane/stun/builder.h"
#include "dataplane/stun/message.h"
#include "turn/guard/credentials.h"
#include "turn/guard/nonce.h"

namespace penstock::turn {

/// Both clocks at one moment.
struct Moment {
  std::uint64_t monotonic_ns = 0;  ///< the clock all workers share: nonces
  std::uint64_t unix_s = 0;        ///< expiry of ephemeral credentials
};

/// Which integrity attributes a server puts into its answers to an authenticated request.
enum class IntegrityKind : std::uint8_t {
  sha1,
  sha256,
  both,  ///< the request had MESSAGE-INTEGRITY-SHA256, yet named no password algorithm: the RFC asks for SHA-1, the
         ///< client speaks SHA-256
};

enum class AuthenticationResult : std::uint8_t {
  authenticated,
  unauthenticated,    ///< no integrity attribute: 401. Every client starts here
  wrong_credentials,  ///< user unknown, expired, or integrity wrong: 401, an authentication failure
  stale_nonce,        ///< all is right but the nonce: 438
  bad_request,        ///< 400
};

struct Authentication {
  AuthenticationResult result = AuthenticationResult::bad_request;
  /// Of the NONCE the message carries, if any. Other than `forged` it proves that the client receives at the address it
  /// sends from, whatever else is wrong: answers to it need not be treated as a possible reflection.
  NonceVerdict nonce = NonceVerdict::forged;
  IntegrityKind integrity = IntegrityKind::sha1;  ///< for the answer, when authenticated
  Verified who;                                   ///< set when authenticated

  bool ok() const { return result == AuthenticationResult::authenticated; }
  bool address_proved() const { return nonce != NonceVerdict::forged; }
};

/// One per worker.
class Authenticator {
 public:
  Authenticator(std::shared_ptr<const Credentials> credentials, const NonceSecret& secret,
                std::uint32_t nonce_lifetime_s);

  /// After a reload. Nonces already out stay good unless their lifetime or the announced features changed; those get a
  /// 438, which clients answer by themselves.
  void replace(std::shared_ptr<const Credentials> credentials, std::uint32_t nonce_lifetime_s);

  /// For every request but Binding. `owner` is the user of the allocation on this five-tuple, if there is one, and may
  /// use credentials past their expiry; whether it is the same user (else 441, RFC 8656 section 5) is for the caller.
  /// The names in the result point into the message or the credentials: valid until either goes away.
  Authentication authenticate(const stun::MessageView& request, const net::Endpoint& client, Moment now,
                              const UserId* owner = nullptr) {
    return authenticate(request, nonce_verdict(request, client, now.monotonic_ns), now.unix_s, owner);
  }
  /// The same, with the nonce already judged.
  Authentication authenticate(const stun::MessageView& request, NonceVerdict nonce, std::uint64_t now_unix_s,
                              const UserId* owner);

  /// The nonce alone, at a tenth of the price. While answers are limited anyway, a request whose nonce is forged and
  /// whose answer would not be sent need not be authenticated.
  NonceVerdict nonce_verdict(const stun::MessageView& request, const net::Endpoint& client, std::uint64_t now_ns);

  /// The error answer for a result other than `authenticated`, no more than 2.5 times the request (see challenge.h).
  /// Bytes written, kLongestChallenge at most; 0 when there is nothing small enough to send.
  std::size_t write_error(std::span<std::uint8_t> out, const stun::MessageView& request, AuthenticationResult result,
                          const net::Endpoint& client, std::uint64_t now_ns);

  const Credentials& credentials() const { return *credentials_; }

 private:
  std::shared_ptr<const Credentials> credentials_;
  NonceSecret secret_;
  NonceSource nonces_;
};

/// Integrity for an answer to an authenticated request; FINGERPRINT alone may follow.
void sign(stun::MessageBuilder& answer, const Authentication& authentication);

}  // namespace penstock::turn
