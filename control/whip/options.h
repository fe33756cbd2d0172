#pragma once
// What WHIP and WHEP are given at start.

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

namespace penstock::control::whip {

/// A STUN or TURN server for clients (RFC 9725 section 4.6).
struct IceServer {
  std::string url;  ///< "turn:203.0.113.7:3478?transport=udp"
  std::string user_name{};
  std::string credential{};
};

struct Options {
  /// Whoever reaches the listener may publish and play: for demonstrations.
  bool without_tokens = false;
  /// Keys of JWTs (HS256), the live ones: several make rotation possible. None, and tokens required: nobody may do
  /// anything. See check_secret().
  std::vector<std::string> secrets{};
  /// Whether new sessions are taken; empty: they are. Otherwise a POST is answered 503 (RFC 9725 section 4.5).
  std::function<bool()> accepting{};
  /// Told to clients in Link headers; called once per session with a name for ephemeral credentials. That is not the
  /// session's id, which is a secret: TURN user names travel in the clear.
  std::function<std::vector<IceServer>(std::string_view name)> ice_servers{};
  /// Access-Control-Allow-Origin: which pages may use WHIP and WHEP. Credentials are in the Authorization header, never
  /// in cookies, so any page may be allowed.
  std::string allowed_origin = "*";
  /// Unix seconds; empty: the system's clock.
  std::function<std::uint64_t()> clock{};
};

/// RFC 7518 section 3.2: at least as long as the hash, 32 bytes. The error does not show the secret.
tl::expected<void, std::string> check_secret(std::string_view secret);

}  // namespace penstock::control::whip
