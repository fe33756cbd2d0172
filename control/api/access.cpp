#include "control/api/access.h"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/sha.h>

#include <algorithm>
#include <fstream>

#include "control/http/problem.h"

namespace penstock::control::api {
namespace {

using http::Request;
using http::Response;

std::array<unsigned char, 32> sha256(std::string_view text) {
  std::array<unsigned char, 32> digest;
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  return digest;
}

bool is_token_character(char c) {
  return c > 0x20 && c < 0x7f;
}

/// "127.0.0.1:8080" without the port; "[::1]" keeps nothing but the address.
std::string_view host_name(std::string_view authority) {
  if (authority.starts_with('[')) return authority.substr(1, std::min(authority.find(']'), authority.size()) - 1);
  return authority.substr(0, authority.find(':'));
}

/// Names that DNS cannot turn: addresses, and localhost.
bool is_fixed_name(std::string_view authority) {
  const std::string_view host = host_name(authority);
  return http::equal_ignoring_case(host, "localhost") || net::parse_address(host).has_value();
}

Response unauthorized(std::string detail) {
  Response response = http::problem(401, std::move(detail));
  response.headers.set("WWW-Authenticate", "Bearer realm=\"penstock\"");
  return response;
}

}  // namespace

bool is_loopback(const net::Address& address) {
  if (address.is_v4()) return address.v4_host_order() >> 24 == 127;
  return address.high() == 0 && address.bytes[15] == 1 &&
         std::all_of(address.bytes.begin(), address.bytes.end() - 1, [](auto b) { return b == 0; });
}

std::optional<Response> refuse_strangers(const Request& request) {
  if (!is_loopback(request.client.address.address)) return http::problem(403, "this listener serves loopback only");
  const std::string_view host = request.header("host").value_or("localhost");
  if (!is_fixed_name(host)) {
    return http::problem(403, "ask by address or as localhost; without a token other names are not answered");
  }
  const auto origin = request.header("origin");
  if (origin && *origin != fmt::format("http://{}", host) && *origin != fmt::format("https://{}", host)) {
    return http::problem(403, "pages of other origins need a token");
  }
  return std::nullopt;
}

tl::expected<std::vector<std::string>, std::string> read_tokens(const std::string& file) {
  std::ifstream in(file);
  if (!in) return tl::unexpected(fmt::format("cannot read the tokens in '{}'", file));
  std::vector<std::string> tokens;
  std::string line;
  for (unsigned number = 1; std::getline(in, line); ++number) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.size() < kShortestToken || !std::ranges::all_of(line, is_token_character)) {
      return tl::unexpected(fmt::format("{}:{}: a token has at least {} printable characters and no spaces", file,
                                        number, kShortestToken));
    }
    tokens.push_back(line);
  }
  return tokens;
}

tl::expected<void, std::string> check_exposure(const http::Listener& listener, const Access& access) {
  const auto* endpoint = std::get_if<net::Endpoint>(&listener.address);
  for (const std::string& token : access.tokens) {
    if (token.size() < kShortestToken) {
      return tl::unexpected(fmt::format("a token of the API is too short; use at least {} characters", kShortestToken));
    }
  }
  if (endpoint == nullptr || is_loopback(endpoint->address)) return {};
  const std::string where = net::to_string(*endpoint);
  if (!listener.tls) {
    return tl::unexpected(fmt::format(
        "the API must not listen in clear on {}: configure a TLS certificate and key, or a loopback address", where));
  }
  if (access.tokens.empty() && !access.client_certificates) {
    return tl::unexpected(fmt::format(
        "the API must not listen on {} for everybody: configure tokens or a client CA, or a loopback address", where));
  }
  return {};
}

void Gate::replace(const Access& access) {
  tokens_.clear();
  for (const std::string& token : access.tokens) tokens_.push_back(sha256(token));
  client_certificates_ = access.client_certificates;
}

bool Gate::knows(std::string_view token) const {
  const Digest digest = sha256(token);
  bool known = false;
  for (const Digest& one : tokens_) known |= CRYPTO_memcmp(one.data(), digest.data(), digest.size()) == 0;
  return known;
}

std::optional<Response> Gate::refusal(const Request& request) const {
  if (request.client.carrier == http::Carrier::unix_socket) return std::nullopt;
  if (tokens_.empty() && !client_certificates_) return refuse_strangers(request);
  if (client_certificates_ && request.client.has_certificate()) return std::nullopt;
  const auto token = request.bearer_token();
  if (!token) return unauthorized("a bearer token is needed");
  return knows(*token) ? std::nullopt : std::optional(unauthorized("the bearer token is not known"));
}

http::Middleware Gate::middleware() const {
  return [this](const Request& request, const http::Handler& next) {
    auto refused = refusal(request);
    return refused ? std::move(*refused) : next(request);
  };
}

}  // namespace penstock::control::api
