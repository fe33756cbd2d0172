#include "control/whip/token.h"

#include <jwt.h>

#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "control/whip/options.h"

namespace penstock::control::whip {
namespace {

using nlohmann::json;

constexpr std::size_t kMostTokenBytes = 4096;
constexpr std::size_t kLeastSecretBytes = 32;
constexpr double kClockLeave_s = 5;
constexpr std::string_view kAudience = "penstock";

using Jwt = std::unique_ptr<jwt_t, decltype(&jwt_free)>;

tl::unexpected<std::string> refuse(std::string sentence) {
  return tl::unexpected(std::move(sentence));
}

struct FreeText {
  void operator()(char* text) const { std::free(text); }
};

/// Text that libjwt allocated, as JSON.
json parse_owned(char* text) {
  if (text == nullptr) return json::value_t::discarded;
  const std::unique_ptr<char, FreeText> owned(text);
  return json::parse(text, nullptr, false);
}

/// Signed with `secret`? Which algorithm the token names is its maker's word, so it is checked, not believed (RFC 8725
/// section 3.1); with a key given, libjwt refuses "none" itself.
Jwt decode(const std::string& token, const std::string& secret) {
  jwt_t* made = nullptr;
  const auto* key = reinterpret_cast<const unsigned char*>(secret.data());
  const bool good = !secret.empty() && jwt_decode(&made, token.c_str(), key, static_cast<int>(secret.size())) == 0;
  Jwt jwt(made, &jwt_free);
  return good && jwt_get_alg(jwt.get()) == JWT_ALG_HS256 ? std::move(jwt) : Jwt(nullptr, &jwt_free);
}

/// A NumericDate (RFC 7519 section 2): seconds, perhaps with a fraction.
std::optional<double> date(const json& claims, const char* name) {
  const auto found = claims.find(name);
  return found != claims.end() && found->is_number() ? std::optional(found->get<double>()) : std::nullopt;
}

const std::string* text(const json& claims, const char* name) {
  const auto found = claims.find(name);
  return found == claims.end() ? nullptr : found->get_ptr<const std::string*>();
}

/// RFC 7519 section 4.1.3: a string, or an array of strings.
bool is_for_us(const json& claims) {
  const auto audience = claims.find("aud");
  if (audience == claims.end()) return true;
  if (!audience->is_array()) return *audience == kAudience;
  return std::ranges::find(*audience, json(kAudience)) != audience->end();
}

tl::expected<void, std::string> check_time(const json& claims, std::uint64_t now_unix_s) {
  const auto now = static_cast<double>(now_unix_s);
  const auto expiry = date(claims, "exp");
  if (!expiry) return refuse("the token has no exp");
  if (now >= *expiry) return refuse("the token has expired");
  if (!claims.contains("nbf")) return {};
  const auto not_before = date(claims, "nbf");
  if (!not_before) return refuse("nbf of the token is no number");
  if (now + kClockLeave_s < *not_before) return refuse("the token is not valid yet");
  return {};
}

tl::expected<Claims, std::string> read_claims(const json& claims) {
  const std::string* room = text(claims, "room");
  const std::string* role = text(claims, "role");
  if (room == nullptr || room->empty()) return refuse("the token has no room");
  if (role == nullptr) return refuse("the token has no role");
  if (*role == "publish") return Claims{*room, Permission::publish};
  if (*role == "subscribe") return Claims{*room, Permission::subscribe};
  return refuse("role of the token is neither publish nor subscribe");
}

}  // namespace

tl::expected<void, std::string> check_secret(std::string_view secret) {
  if (secret.size() >= kLeastSecretBytes) return {};
  return refuse("a JWT secret has " + std::to_string(secret.size()) + " bytes; HS256 needs at least " +
                std::to_string(kLeastSecretBytes) + " (RFC 7518 section 3.2): openssl rand -hex 32");
}

tl::expected<Claims, std::string> verify_token(std::string_view token, std::span<const std::string> secrets,
                                               std::uint64_t now_unix_s) {
  if (token.size() > kMostTokenBytes) return refuse("the token is too long");
  const std::string terminated(token);
  Jwt jwt(nullptr, &jwt_free);
  for (const std::string& secret : secrets) {
    jwt = decode(terminated, secret);
    if (jwt) break;
  }
  if (!jwt) return refuse("the token is not signed with HS256 by a secret known here");
  const json header = parse_owned(jwt_get_headers_json(jwt.get(), nullptr));
  const json claims = parse_owned(jwt_get_grants_json(jwt.get(), nullptr));
  if (!header.is_object() || !claims.is_object()) return refuse("the token is malformed");
  if (header.contains("crit")) return refuse("the token has critical header parameters");  // RFC 7515 section 4.1.11
  if (!is_for_us(claims)) return refuse("the token is for another audience");
  if (const auto timely = check_time(claims, now_unix_s); !timely) return tl::unexpected(timely.error());
  return read_claims(claims);
}

}  // namespace penstock::control::whip
