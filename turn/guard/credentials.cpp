#include "turn/guard/credentials.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>

#include "dataplane/stun/attributes.h"
#include "dataplane/stun/integrity.h"
#include "dataplane/stun/long_term_key.h"
#include "dataplane/stun/opaque_string.h"
#include "turn/guard/base64.h"
#include "turn/guard/challenge.h"
#include "turn/guard/ephemeral_name.h"

namespace penstock::turn {
namespace {

using stun::PasswordAlgorithm;

tl::expected<std::string, std::string> prepared(std::string_view text, const std::string& what) {
  std::string out(text.size(), '\0');
  const auto size = stun::opaque_string(text, out);
  if (!size) return tl::unexpected(fmt::format("{} cannot be used: {}", what, stun::to_string(size.error())));
  out.resize(*size);
  return out;
}

/// Keys for the one kind of integrity the message carries: deriving the other would cost four hash blocks for nothing.
SessionKeys keys_to_check(const stun::MessageView& message, const stun::LongTermKey& key, PasswordAlgorithm algorithm) {
  SessionKeys keys{{}, {}, algorithm};
  if (message.has(stun::AttributeType::message_integrity_sha256)) {
    keys.sha256 = stun::HmacSha256(key.bytes());
  } else {
    keys.sha1 = stun::HmacSha1(key.bytes());
  }
  return keys;
}

stun::Verdict verify_with(const stun::MessageView& message, const SessionKeys& keys) {
  return message.has(stun::AttributeType::message_integrity_sha256)
             ? stun::verify_integrity_sha256(message, keys.sha256)
             : stun::verify_integrity(message, keys.sha1);
}

CredentialError error_of(stun::Verdict verdict) {
  return verdict == stun::Verdict::mismatch ? CredentialError::wrong_password : CredentialError::malformed;
}

SessionKeys both_keys(const stun::LongTermKey& key, PasswordAlgorithm algorithm) {
  return {stun::HmacSha1(key.bytes()), stun::HmacSha256(key.bytes()), algorithm};
}

}  // namespace

SessionKeys session_keys(PasswordAlgorithm algorithm, std::string_view user, std::string_view realm,
                         std::string_view password) {
  return both_keys(stun::long_term_key(algorithm, user, realm, password), algorithm);
}

tl::expected<Credentials, std::string> Credentials::compile(const Settings& settings) {
  Credentials compiled;
  auto realm = prepared(settings.realm, fmt::format("realm '{}'", settings.realm));
  if (!realm) return tl::unexpected(realm.error());
  if (realm->size() > kLongestRealm) {
    return tl::unexpected(
        fmt::format("realm '{}' has {} bytes; with more than {} no answer to a browser's first "
                    "request stays within 2.5 times its size: choose a shorter one",
                    *realm, realm->size(), kLongestRealm));
  }
  compiled.realm_ = *realm;

  compiled.users_.reserve(settings.users.size());
  for (const StaticUser& user : settings.users) {
    auto name = prepared(user.name, fmt::format("user name '{}'", user.name));
    if (!name) return tl::unexpected(name.error());
    if (name->size() > stun::kLongestUsernameBytes) {
      return tl::unexpected(fmt::format("user name '{}' has {} bytes; RFC 8489 allows {}", *name, name->size(),
                                        stun::kLongestUsernameBytes));
    }
    auto password = prepared(user.password, fmt::format("the password of user '{}'", user.name));
    if (!password) return tl::unexpected(password.error());
    compiled.users_.push_back({stun::userhash(*name, *realm), *name,
                               session_keys(PasswordAlgorithm::md5, *name, *realm, *password),
                               session_keys(PasswordAlgorithm::sha256, *name, *realm, *password)});
  }
  std::ranges::sort(compiled.users_, {}, &User::userhash);
  const auto twin = std::ranges::adjacent_find(compiled.users_, {}, &User::userhash);
  if (twin != compiled.users_.end()) {
    return tl::unexpected(fmt::format("user '{}' is configured twice: remove one of the entries", twin->name));
  }

  compiled.user_ids_.reserve(compiled.users_.size());
  for (const User& user : compiled.users_) compiled.user_ids_.push_back(user_id(user.name));
  std::ranges::sort(compiled.user_ids_);

  for (const SharedSecret& secret : settings.secrets) {
    if (secret.secret.empty()) return tl::unexpected(std::string("a shared secret is empty: give it a value"));
    const stun::Bytes key = stun::bytes_of(secret.secret);
    compiled.secrets_.push_back({stun::HmacSha1(key), stun::HmacSha256(key)});
  }
  return compiled;
}

const Credentials::User* Credentials::find(const stun::Sha256Digest& userhash) const {
  const auto user = std::ranges::lower_bound(users_, userhash, {}, &User::userhash);
  return user != users_.end() && user->userhash == userhash ? &*user : nullptr;
}

bool Credentials::has_static_user(const UserId& user) const {
  return std::ranges::binary_search(user_ids_, user);
}

tl::expected<Verified, CredentialError> Credentials::verify(const stun::MessageView& message,
                                                            PasswordAlgorithm algorithm, std::uint64_t now_unix_s,
                                                            const UserId* owner) const {
  if (const auto name = stun::username(message)) {
    if (!users_.empty()) {
      if (const User* user = find(stun::userhash(*name, realm_))) return verify_static(message, *user, algorithm);
    }
    return verify_ephemeral(message, *name, algorithm, now_unix_s, owner);
  }
  if (const auto hash = stun::userhash(message)) {
    stun::Sha256Digest digest;
    std::ranges::copy(*hash, digest.begin());
    if (const User* user = find(digest)) return verify_static(message, *user, algorithm);
  }
  return tl::unexpected(CredentialError::unknown_user);
}

tl::expected<Verified, CredentialError> Credentials::verify_static(const stun::MessageView& message, const User& user,
                                                                   PasswordAlgorithm algorithm) const {
  const SessionKeys& keys = algorithm == PasswordAlgorithm::md5 ? user.md5 : user.sha256;
  const stun::Verdict verdict = verify_with(message, keys);
  if (verdict != stun::Verdict::valid) return tl::unexpected(error_of(verdict));
  return Verified{user_id(user.name), user.name, 0, keys};
}

tl::expected<Verified, CredentialError> Credentials::verify_ephemeral(const stun::MessageView& message,
                                                                      std::string_view user_name,
                                                                      PasswordAlgorithm algorithm,
                                                                      std::uint64_t now_unix_s,
                                                                      const UserId* owner) const {
  const auto name = parse_ephemeral_name(user_name);
  if (!name || secrets_.empty()) return tl::unexpected(CredentialError::unknown_user);
  const UserId id = user_id(name->name);
  const bool is_owner = owner != nullptr && id == *owner;
  if (name->expires_unix_s < now_unix_s && !is_owner) return tl::unexpected(CredentialError::expired);

  std::array<char, base64_size(sizeof(stun::Sha256Digest))> text;
  std::optional<Verified> verified;
  stun::Verdict verdict = stun::Verdict::mismatch;
  const auto matches = [&](stun::Bytes mac) {
    const auto key = stun::long_term_key(algorithm, user_name, realm_, base64(mac, text));
    verdict = verify_with(message, keys_to_check(message, key, algorithm));
    if (verdict != stun::Verdict::valid) return false;
    verified = Verified{id, name->name, name->expires_unix_s, both_keys(key, algorithm)};
    return true;
  };
  // Everybody issues SHA-1 today, so all secrets are tried with it first.
  const stun::Bytes input = stun::bytes_of(user_name);
  for (const Secret& secret : secrets_) {
    if (matches(secret.sha1.mac(input))) return *verified;
  }
  for (const Secret& secret : secrets_) {
    if (matches(secret.sha256.mac(input))) return *verified;
  }
  return tl::unexpected(error_of(verdict));
}

}  // namespace penstock::turn
