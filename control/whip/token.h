#pragma once
// Bearer tokens: JWTs (RFC 7519) that a signaling server mints with a shared secret, without asking us.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <tl/expected.hpp>

namespace penstock::control::whip {

/// What a token allows, the claim "role".
enum class Permission : std::uint8_t { publish, subscribe };

struct Claims {
  std::string room;
  Permission role = Permission::subscribe;
};

/// Valid: signed with one of `secrets` by HS256 and nothing else, with the claims room, role ("publish" or "subscribe")
/// and exp, not before nbf (five seconds of leave for clocks), of no other audience ("aud", if there, names
/// "penstock") and without critical header parameters. The error is a sentence without quotes, fit for a header.
tl::expected<Claims, std::string> verify_token(std::string_view token, std::span<const std::string> secrets,
                                               std::uint64_t now_unix_s);

}  // namespace penstock::control::whip
