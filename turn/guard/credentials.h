#pragma once
// Who may use the relay: static users and shared secrets, compiled into keys.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "dataplane/stun/hash.h"
#include "dataplane/stun/message.h"
#include "dataplane/stun/protocol.h"
#include "turn/guard/user_id.h"
#include "turn/settings.h"

namespace penstock::turn {

/// The long-term key (RFC 8489 section 9.2.2) of one user for one password algorithm, ready to check and sign with.
/// Plain data.
struct SessionKeys {
  stun::HmacSha1 sha1;      ///< for MESSAGE-INTEGRITY
  stun::HmacSha256 sha256;  ///< for MESSAGE-INTEGRITY-SHA256
  stun::PasswordAlgorithm algorithm = stun::PasswordAlgorithm::md5;
};

/// Why credentials were not accepted. All are answered 401: a client learns nothing, the counters do.
enum class CredentialError : std::uint8_t {
  unknown_user,  ///< no such static user, and no shared secret or not a name of its form. Also every USERHASH that is
                 ///< not a static user's: a hash cannot be turned back into the name an ephemeral password derives
                 ///< from.
  expired,       ///< the password may be right; the timestamp has passed
  wrong_password,
  malformed,  ///< a MESSAGE-INTEGRITY of impossible length
};

/// What a message proved.
struct Verified {
  UserId user;
  std::string_view name;             ///< without timestamp; points into the message or the Credentials
  std::uint64_t expires_unix_s = 0;  ///< 0: never
  SessionKeys keys;
};

/// Immutable; control compiles it at start and at every reload, workers share it read-only.
///
/// Static users are found by USERHASH, SHA-256 of "user:realm": the index serves both a USERNAME, which is hashed, and
/// a USERHASH, which is the key itself. For each user four pad states are kept (DESIGN decision 10). Ephemeral ones are
/// derived per request: at most two passwords (HMAC-SHA1, HMAC-SHA256) for each live secret.
class Credentials {
 public:
  /// `settings.realm`, `users` and `secrets`, prepared as RFC 8489 asks (OpaqueString). The error is a sentence that
  /// says which value cannot be used and why.
  static tl::expected<Credentials, std::string> compile(const Settings& settings);

  /// Checks MESSAGE-INTEGRITY-SHA256 if the message has one, else MESSAGE-INTEGRITY, against every password the user
  /// may have. Neither name nor hash is believed before that. For `owner`, if there is one, a timestamp that has passed
  /// is no error: whoever holds an allocation may keep it (as with coturn).
  tl::expected<Verified, CredentialError> verify(const stun::MessageView& message, stun::PasswordAlgorithm algorithm,
                                                 std::uint64_t now_unix_s, const UserId* owner = nullptr) const;

  const std::string& realm() const { return realm_; }
  /// Whether a static user of that name is configured.
  bool has_static_user(const UserId& user) const;

  /// Whether a client may give USERHASH in place of USERNAME, so whether nonces announce it: only if no client depends
  /// on a shared secret, because an RFC 8489 client that is told so sends nothing else.
  bool announces_username_anonymity() const { return secrets_.empty() && !users_.empty(); }

 private:
  struct User {
    stun::Sha256Digest userhash;
    std::string name;
    SessionKeys md5;
    SessionKeys sha256;
  };
  struct Secret {
    stun::HmacSha1 sha1;
    stun::HmacSha256 sha256;
  };

  Credentials() = default;
  const User* find(const stun::Sha256Digest& userhash) const;
  tl::expected<Verified, CredentialError> verify_static(const stun::MessageView& message, const User& user,
                                                        stun::PasswordAlgorithm algorithm) const;
  tl::expected<Verified, CredentialError> verify_ephemeral(const stun::MessageView& message, std::string_view user_name,
                                                           stun::PasswordAlgorithm algorithm, std::uint64_t now_unix_s,
                                                           const UserId* owner) const;

  std::string realm_;
  std::vector<User> users_;       ///< by userhash
  std::vector<UserId> user_ids_;  ///< of the same, sorted
  std::vector<Secret> secrets_;
};

/// Keys for both kinds of integrity.
SessionKeys session_keys(stun::PasswordAlgorithm algorithm, std::string_view user, std::string_view realm,
                         std::string_view password);

}  // namespace penstock::turn
