#include "control/whip/authorization.h"

#include <openssl/crypto.h>

#include <chrono>

#include "control/http/problem.h"
#include "control/whip/token.h"

namespace penstock::control::whip {
namespace {

constexpr std::string_view kChallenge = "Bearer realm=\"penstock\"";

std::uint64_t now(const Options& options) {
  if (options.clock) return options.clock();
  const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(since_epoch).count());
}

/// RFC 6750 section 3. `error` is empty where no credentials were shown: then there is nothing to say about them.
http::Response challenge(unsigned status, std::string_view error, const std::string& sentence) {
  http::Response response = http::problem(status, sentence);
  std::string value(kChallenge);
  if (!error.empty()) value.append(", error=\"").append(error).append("\", error_description=\"" + sentence + '"');
  response.headers.add("WWW-Authenticate", std::move(value));
  return response;
}

bool equal_in_constant_time(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace

std::optional<http::Response> refusal(const Options& options, const http::Request& request, std::string_view room,
                                      sdp::Role role) {
  if (options.without_tokens) return {};
  const auto token = request.bearer_token();
  if (!token) return challenge(401, "", "this needs a token: Authorization: Bearer TOKEN");
  const auto claims = verify_token(*token, options.secrets, now(options));
  if (!claims) return challenge(401, "invalid_token", claims.error());
  const Permission needed = role == sdp::Role::publisher ? Permission::publish : Permission::subscribe;
  if (claims->room != room) return challenge(403, "insufficient_scope", "the token is for another room");
  if (claims->role != needed) {
    return challenge(
        403, "insufficient_scope",
        needed == Permission::publish ? "the token is not for publishing" : "the token is not for subscribing");
  }
  return {};
}

std::optional<http::Response> refusal(const Options& options, const http::Request& request, std::string_view room,
                                      sdp::Role role, const std::string& session_token) {
  const auto token = request.bearer_token();
  if (token && !session_token.empty() && equal_in_constant_time(*token, session_token)) return {};
  return refusal(options, request, room, role);
}

}  // namespace penstock::control::whip
