#pragma once
// Ephemeral credentials ("TURN REST API"): a user name that says when it expires, and a password that only the holder
// of a shared secret can make.

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace penstock::control {

enum class CredentialHash : std::uint8_t { sha1, sha256 };

struct Credential {
  std::string user_name;  ///< "EXPIRY:NAME", EXPIRY in Unix seconds
  std::string password;   ///< base64(HMAC(secret, user_name))
};

/// Valid until `expires_at` (Unix seconds).
Credential make_credential(std::string_view secret, std::string_view name, std::uint64_t expires_at,
                           CredentialHash hash);

/// What a browser takes: {"iceServers":[{"urls":[...],"username":"...","credential":"..."}]}.
std::string ice_servers_json(const Credential& credential, const std::vector<std::string>& urls);

}  // namespace penstock::control
