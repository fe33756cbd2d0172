#include <charconv>
#include <chrono>
#include <ctime>

#include "control/api/answers.h"
#include "control/api/members.h"
#include "control/api/routes.h"
#include "control/credentials/credentials.h"

namespace penstock::control::api {
namespace {

using http::Request;
using http::Response;

constexpr std::uint32_t kLongestTtl_s = 7 * 86'400;
constexpr std::size_t kLongestUser = 256;
constexpr std::array<std::string_view, 2> kHashNames = {"sha1", "sha256"};

struct CredentialRequest {
  std::string user;
  std::uint32_t ttl_s = 86'400;
  CredentialHash hash = CredentialHash::sha1;
};

tl::expected<CredentialRequest, Fault> credential_request(const Json& body) {
  CredentialRequest request;
  if (body.is_null()) return request;
  std::optional<Fault> fault;
  Members m(body, "", fault);
  m.text("user", request.user);
  if (request.user.size() > kLongestUser) m.fault("user", "is too long; at most 256 bytes");
  m.number("ttl_s", request.ttl_s);
  if (request.ttl_s == 0 || request.ttl_s > kLongestTtl_s) m.fault("ttl_s", "must be 1 to 604800 (a week)");
  m.choice("hash", request.hash, kHashNames);
  m.finish();
  if (fault) return tl::unexpected(std::move(*fault));
  return request;
}

Response credentials(const std::function<std::optional<TurnIssuer>()>& turn_issuer, const Request& request) {
  const auto body = body_of(request, true);
  if (!body) return refused(body.error());
  const auto asked = credential_request(*body);
  if (!asked) return refused(asked.error());
  const auto issuer = turn_issuer();
  if (!issuer) return refused(Fault{409, "", "no shared secret is configured (auth.secrets), so none can be made"});
  const std::uint64_t expires = static_cast<std::uint64_t>(std::time(nullptr)) + asked->ttl_s;
  const Credential made = make_credential(issuer->secret, asked->user, expires, asked->hash);
  const Json server = {{"urls", issuer->urls}, {"username", made.user_name}, {"credential", made.password}};
  return json_response(200, {{"username", made.user_name},
                             {"password", made.password},
                             {"ttl_s", asked->ttl_s},
                             {"expires_unix_s", expires},
                             {"uris", issuer->urls},
                             {"iceServers", Json::array({server})}});
}

Json traffic_json(const turn::Traffic& traffic) {
  return {{"packets", traffic.packets}, {"bytes", traffic.bytes}};
}

Json to_json(const turn::AllocationRow& row) {
  Json relayed = Json::array();
  for (const net::Endpoint& e : row.relayed) {
    if (e.port != 0) relayed.push_back(net::to_string(e));
  }
  return {{"id", std::to_string(row.id)},
          {"user", std::string(row.user_name())},
          {"client", net::to_string(row.client)},
          {"server", net::to_string(row.server)},
          {"relayed", relayed},
          {"worker", row.worker},
          {"age_ms", row.age_ms},
          {"lifetime_ms", row.lifetime_ms},
          {"permissions", row.permissions},
          {"channels", row.channels},
          {"to_peer", traffic_json(row.to_peer)},
          {"to_client", traffic_json(row.to_client)}};
}

std::optional<std::uint64_t> number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

Response no_such_allocation() {
  return refused(rooms::Error{rooms::ErrorKind::not_found, "", "there is no allocation with this id"});
}

Response list(TurnAllocations& allocations, const Request& request) {
  const auto page = page_of(request);
  const auto after = page && !page->after.empty() ? number(page->after) : std::optional<std::uint64_t>(0);
  if (!page) return refused(page.error());
  if (!after) return refused(Fault{400, "", "after must be the 'next' of the page before"});
  return {.later = [&allocations, after = *after, limit = page->limit](std::function<void(Response)> reply) {
    allocations.list(after, limit, [reply](const TurnAllocations::Page& found) {
      Json json;
      Json& rows = json["allocations"] = Json::array();
      for (const turn::AllocationRow& row : found.rows) rows.push_back(to_json(row));
      json["next"] = found.next ? Json(std::to_string(*found.next)) : Json();
      reply(json_response(200, json));
    });
  }};
}

Response show(TurnAllocations& allocations, const Request& request) {
  const auto id = number(request.parameter("id"));
  if (!id) return no_such_allocation();
  return {.later = [&allocations, id = *id](std::function<void(Response)> reply) {
    allocations.find(id, [reply](const turn::AllocationRow* row) {
      reply(row == nullptr ? no_such_allocation() : json_response(200, to_json(*row)));
    });
  }};
}

Response end(TurnAllocations& allocations, const Request& request) {
  const auto id = number(request.parameter("id"));
  if (!id) return no_such_allocation();
  return {.later = [&allocations, id = *id](std::function<void(Response)> reply) {
    allocations.end(id, [reply](bool ended) { reply(ended ? Response{.status = 204} : no_such_allocation()); });
  }};
}

}  // namespace

void add_turn_routes(http::Router& router, const Sources& sources) {
  router.add("POST", "/v1/turn/credentials",
             [issuer = sources.turn_issuer](const Request& request) { return credentials(issuer, request); });
  TurnAllocations& allocations = sources.allocations;
  router.add("GET", "/v1/turn/allocations", [&](const Request& request) { return list(allocations, request); });
  router.add("GET", "/v1/turn/allocations/{id}", [&](const Request& request) { return show(allocations, request); });
  router.add("DELETE", "/v1/turn/allocations/{id}", [&](const Request& request) { return end(allocations, request); });
}

}  // namespace penstock::control::api
